"""COPY and ADD: what they mean with the values of their stage, and the layer that they make.

Source: Dockerfile reference, "COPY", "ADD".
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from realrun.build import instructions as i
from realrun.build.archives import is_archive
from realrun.build.copying import Looks, copy
from realrun.build.evaluate import State
from realrun.build.fetching import fetch, is_remote
from realrun.build.heredocs import Heredoc
from realrun.build.instructions import Instruction
from realrun.build.match import BadPattern, Rule, ignored, read_rules
from realrun.build.modes import BadMode, check
from realrun.build.owners import UnknownOwner, owner
from realrun.build.selecting import CannotCopy, Item, Origin, Source, fingerprint
from realrun.build.stages import stage_of
from realrun.build.work import Work, packed
from realrun.build.writing import CannotWrite, Upper
from realrun.errors import NoSuchImage, UsageError
from realrun.image import Layer
from realrun.image.merged import Merged, make_upper


def carry_out(work: Work, step: i.Copy) -> bool:
    """From the cache or by copying; true if the cache knew it. Raises DockerfileError."""
    target = target_of(step, work.state)
    try:
        sources = sources_of(
            step, work.state, origin(work, step, step.source_stage), work.bench.folder
        )
        if not sources:
            work.tell("note", step)
        looks = looks_of(step, work.state, Merged(work.trees()))
        parts = {"step": "COPY", "target": target, "looks": looks,
                 "files": fingerprint(sources, looks.keep_owner)}  # fmt: skip
        return work.remembered(step, parts, lambda: copied(work, sources, target, looks))
    except (CannotCopy, CannotWrite, UnknownOwner) as error:
        raise step.at.error(str(error)) from None
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        raise step.at.error(f"{where}{error.strerror}") from error


def copied(work: Work, sources: Sequence[Source], target: str, looks: Looks) -> Layer:
    """The layer."""
    folder, below = work.bench.folder(), work.trees()
    upper = Upper(make_upper(folder / "upper", below[-1]), below)
    copy(sources, target, upper, looks)
    return packed(work, upper.path, upper.owners)


def origin(work: Work, step: Instruction, name: str) -> Origin:
    """Where files come from: the context if there is no name, another stage, or an image."""
    bench = work.bench
    if not name:
        return bench.context
    index = stage_of(step, name, bench.stages, work.stage.index)
    if index is not None:
        return Origin(Merged(bench.finished[index].trees()))
    try:
        return Origin(Merged(bench.store.resolve(name).layers))
    except (NoSuchImage, UsageError) as error:
        raise CannotCopy(f"from={name}: no such stage, and {error}") from None


def target_of(step: i.Copy, state: State) -> str:
    """The target as an absolute path; a `/` at its end says that it is a directory.

    As BuildKit has it, only a written `/` and a lone `.` say so: `/x/.` is a file's name.
    """
    written = state.expand(step.target, step.at)
    is_folder = written.endswith("/") or written in (".", "")
    path = state.absolute(written)
    return path + "/" if is_folder and path != "/" else path


def looks_of(step: i.Copy, state: State, image: Merged) -> Looks:
    """--chown, looked up in the image, and --chmod."""
    chown, chmod = state.expand(step.chown, step.at), state.expand(step.chmod, step.at)
    if chmod:
        try:
            check(chmod)
        except BadMode as error:
            raise CannotCopy(str(error)) from None
    return Looks(owner(chown, image) if chown else None, chmod, bool(step.source_stage))


def sources_of(
    step: i.Copy, state: State, origin: Origin, folder: Callable[[], Path]
) -> list[Source]:
    """The files that the instruction names, and those that it brings along.

    `folder` makes a place for what has to be fetched.
    """
    paths = [state.expand(word, step.at) for word in step.sources]
    checksum = state.expand(step.checksum, step.at)
    if checksum and (len(paths) != 1 or not is_remote(paths[0])):
        raise CannotCopy("--checksum is for one source, and that has to be a URL")
    found = []
    for path in paths:
        if not is_remote(path):
            chosen = origin.select_with_parents(path) if step.parents else origin.select(path)
            found += [marked(source, step.add and step.unpack is not False) for source in chosen]
        elif step.add:
            found.append(marked(fetch(path, folder(), checksum), bool(step.unpack)))
        else:
            raise CannotCopy(f"COPY {path}: only ADD fetches from the network")
    rules = excluded(step)
    found = [one for source in found for one in without(source, rules)]
    return found + [written(document, step, state) for document in step.heredocs]


def written(document: Heredoc, step: i.Copy, state: State) -> Source:
    """A here-document as a file."""
    text = document.content
    text = state.expand_text(text, step.at) if document.expand else text
    content = text.encode("utf-8", "surrogateescape")
    return Source(document.name, (Item((), None, content),), False)


def excluded(step: i.Copy) -> list[Rule]:
    """The patterns of --exclude, which read as lines of .dockerignore do; variables stay."""
    try:
        return read_rules("\n".join(step.exclude))
    except BadPattern as error:
        raise CannotCopy(f"--exclude: {error}") from None


def without(source: Source, rules: Sequence[Rule]) -> list[Source]:
    """The source, less what --exclude names: by the path below a directory, or by a file's name."""
    if not source.is_directory:
        return [] if ignored(source.base, rules) else [source]
    kept = {item.name for item in source.items if not ignored("/".join(item.name), rules)}
    kept |= {name[:depth] for name in kept for depth in range(1, len(name))}
    items = tuple(item for item in source.items if item.name in kept)
    return [source._replace(items=items)]


def marked(source: Source, unpack: bool) -> Source:
    """The source, noted as an archive if it is one that has to be unpacked."""
    node = None if source.is_directory else source.items[0].node
    return source._replace(is_archive=unpack and node is not None and is_archive(node.path))
