"""Last step: the stages that the target needs are built, and the result goes into the store.

Every instruction that changes files gives one layer; every other one an entry in the history.
Layers are made in a folder below ROOT/tmp, with the kernel's help only for RUN, and move into the
store together when all is done: a build that fails or is stopped leaves the store as it was.

Source: Dockerfile reference; OCI image-spec, config.md, "history".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from realrun.build import lines, parser, stages
from realrun.build.bench import Bench, Result, RunStep
from realrun.build.cache import Cache
from realrun.build.instructions import Instruction
from realrun.build.progress import Event, Listener, silent
from realrun.build.selecting import CannotCopy, context
from realrun.build.stagework import COUNTED, Work
from realrun.errors import UsageError
from realrun.image import Image, Store
from realrun.image import config as configs
from realrun.image.reference import normal


def build(
    context_folder: Path,
    *,
    store: Store,
    run_step: RunStep,
    tags: Sequence[str] = (),
    dockerfile: Path | None = None,
    build_args: Mapping[str, str] | None = None,
    target: str | None = None,
    no_cache: bool = False,
    progress: Listener = silent,
) -> Image:
    """Build the image that a Dockerfile describes, and give it the names in `tags`.

    `run_step` carries out RUN in a container: see `RunStep`. Raises DockerfileError with the
    place for whatever is wrong with the Dockerfile or with a step.
    """
    names = list(dict.fromkeys(normal(tag) for tag in tags))  # a wrong name is told at once
    dockerfile = dockerfile or context_folder / "Dockerfile"
    source = read_source(context_folder, dockerfile)
    for warning in source.warnings:
        progress(Event(state="note", step=0, steps=0, text=warning))
    given = dict(build_args or {})
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
            run_step=run_step,
            progress=progress,
            steps=sum(1 + counted(stage.steps) for stage in chosen),
            given=given,
            before_from=before,
            escape=source.escape,
        )
        for stage in chosen:
            bench.works[stage.index] = work = Work(bench, stage)
            work.carry_out()
        return finish(bench, work, names)


def read_source(folder: Path, dockerfile: Path) -> lines.Source:
    """The Dockerfile, as lines; its name in messages is as short as it can be."""
    if not folder.is_dir():
        raise UsageError(f"{folder} is not a folder; `realrun build FOLDER` wants the context")
    try:
        data = dockerfile.read_bytes()
    except OSError as error:
        raise UsageError(
            f"cannot read {dockerfile} ({error.strerror}); -f FILE names another Dockerfile"
        ) from None
    is_inside = dockerfile.is_relative_to(folder)
    return lines.read(data, str(dockerfile.relative_to(folder) if is_inside else dockerfile))


def counted(steps: Sequence[Instruction]) -> int:
    """The instructions that get a number in the progress: those that touch files."""
    return sum(isinstance(step, COUNTED) for step in steps)


def finish(bench: Bench, work: Result, names: Sequence[str]) -> Image:
    """Everything moves into the store: layers, the image, the cache's new records."""
    document = configs.make(
        config=work.state.config,
        diff_ids=[layer.diff_id for layer in work.layers],
        history=work.history,
        created=work.created,
        author=work.state.author,
    )
    others = [layer for other in bench.works.values() for layer in other.layers]
    bench.store.keep(others)
    image = bench.store.add(document, work.layers, names[0] if names else None)
    for name in names[1:]:
        bench.store.tag(image.reference, name)
    bench.cache.save(bench.scratch)
    return image
