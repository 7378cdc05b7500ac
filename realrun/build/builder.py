"""Last step: the stages that the target needs are built, and the result goes into the store.

Every instruction that changes files gives one layer; every other one an entry in the history.
Layers are made in a folder below ROOT/tmp, with the kernel's help only for RUN, and move into the
store together when all is done: a build that fails or is stopped leaves the store as it was.

Source: Dockerfile reference; OCI image-spec, config.md, "history".
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from realrun.build import lines, parser, stages, stagework
from realrun.build.bench import Bench, Finished, Runner
from realrun.build.cache import Cache
from realrun.build.progress import Event, Listener, silent
from realrun.build.selecting import CannotCopy, context
from realrun.build.sidebyside import carry_out
from realrun.errors import UsageError
from realrun.image import Image, Store
from realrun.image import config as configs
from realrun.image.reference import normal

EPOCH = "SOURCE_DATE_EPOCH"


def build(
    context_folder: Path,
    *,
    store: Store,
    runner: Runner,
    tags: Sequence[str] = (),
    dockerfile: Path | bytes | None = None,
    build_args: Mapping[str, str] | None = None,
    target: str | None = None,
    no_cache: bool = False,
    labels: Mapping[str, str] | None = None,
    network: str = "default",
    secrets: Mapping[str, bytes] | None = None,
    progress: Listener = silent,
) -> Image:
    """Build the image that a Dockerfile describes, and give it the names in `tags`.

    `dockerfile` is a file or the text itself; without it, CONTEXT/Dockerfile.
    `runner` carries out RUN in containers; `network` (default, none or host) is for those that
    name none, `secrets` are for mounts that ask for them. `labels` go on top of the Dockerfile's;
    as in BuildKit they stand in the configuration alone, not in the history. Raises
    DockerfileError with the place for whatever is wrong with the Dockerfile or with a step.
    """
    names = list(dict.fromkeys(normal(tag) for tag in tags))  # a wrong name is told at once
    if dockerfile is None:
        dockerfile = context_folder / "Dockerfile"
    source = read_source(context_folder, dockerfile)
    for warning in source.warnings:
        progress(Event(state="note", step=0, steps=0, text=warning))
    given = build_args_of(build_args or {})
    found, before = stages.split(parser.parse(source), given, source.escape)
    chosen = stages.needed(found, stages.target_of(found, target))
    try:
        origin = context(context_folder, dockerfile)
    except CannotCopy as error:
        raise UsageError(str(error)) from None
    with store.workspace("build") as scratch:
        bench = Bench(
            store=store,
            cache=Cache(store, use=not no_cache),
            scratch=scratch,
            context=origin,
            stages=found,
            progress=progress,
            given=given,
            before_from=before,
            escape=source.escape,
            epoch=configs.source_date_epoch(given.get(EPOCH)),
            network=network,
            secrets=secrets or {},
            chosen={stage.index for stage in chosen},
            is_alone=len(chosen) == 1,
        )
        carry_out((stagework.carry_out(bench, stage) for stage in chosen), runner)
        return finish(bench, bench.finished[chosen[-1].index], names, labels or {})


def build_args_of(given: Mapping[str, str]) -> dict[str, str]:
    """SOURCE_DATE_EPOCH of the environment is one, too, as buildx has it."""
    found = os.environ.get(EPOCH)
    return {**({EPOCH: found} if found else {}), **given}


def read_source(folder: Path, dockerfile: Path | bytes) -> lines.Source:
    """The Dockerfile, as lines; its name in messages is as short as it can be."""
    if not folder.is_dir():
        raise UsageError(f"{folder} is not a folder; `realrun build FOLDER` wants the context")
    if isinstance(dockerfile, bytes):
        return lines.read(dockerfile, "Dockerfile")
    try:
        data = lines.data_of(dockerfile)
    except lines.TooLong as error:
        raise UsageError(str(error)) from None
    except OSError as error:
        raise UsageError(
            f"cannot read {dockerfile} ({error.strerror}); -f FILE names another Dockerfile"
        ) from None
    is_inside = dockerfile.is_relative_to(folder)
    return lines.read(data, str(dockerfile.relative_to(folder) if is_inside else dockerfile))


def finish(bench: Bench, work: Finished, names: Sequence[str], labels: Mapping[str, str]) -> Image:
    """Everything moves into the store: layers, the image, the cache's new records."""
    config = dict(work.state.config)
    if labels:
        config["Labels"] = {**config.get("Labels", {}), **labels}
    document = configs.make(
        config=config,
        diff_ids=[layer.diff_id for layer in work.layers],
        history=work.history,
        created=work.created,
        author=work.state.author,
    )
    others = [layer for other in bench.finished.values() for layer in other.layers]
    bench.store.keep(others)
    image = bench.store.add(document, work.layers, names[0] if names else None)
    for name in names[1:]:
        bench.store.tag(image.reference, name)
    bench.cache.save(bench.scratch)
    return image
