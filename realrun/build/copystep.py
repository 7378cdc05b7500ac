"""What a COPY or ADD means with the values of its stage: sources, target, owner, mode.

Source: Dockerfile reference, "COPY", "ADD".
"""

from __future__ import annotations

from collections.abc import Sequence

from realrun.build import instructions as i
from realrun.build.archives import is_archive
from realrun.build.copying import Looks
from realrun.build.evaluate import State
from realrun.build.match import BadPattern, Rule, ignored, read_rules
from realrun.build.modes import BadMode, check
from realrun.build.owners import owner
from realrun.build.selecting import CannotCopy, Item, Origin, Source
from realrun.image.merged import Merged

REMOTE = ("http://", "https://", "git://", "git@")


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


def sources_of(step: i.Copy, state: State, origin: Origin) -> list[Source]:
    """The files that the instruction names, and those that it brings along."""
    found = []
    for word in step.sources:
        path = state.expand(word, step.at)
        if step.add and path.startswith(REMOTE):
            raise CannotCopy(f"ADD {path}: fetching from the network is not supported yet")
        found += origin.select(path)
    rules = excluded(step, state)
    found = [one for source in found for one in without(source, rules)]
    if step.add:
        found = [marked(source) for source in found]
    for document in step.heredocs:
        text = document.content
        text = state.expand_text(text, step.at) if document.expand else text
        content = text.encode("utf-8", "surrogateescape")
        found.append(Source(document.name, (Item((), None, content),), False))
    return found


def excluded(step: i.Copy, state: State) -> list[Rule]:
    """The patterns of --exclude, which read as lines of .dockerignore do."""
    try:
        return read_rules("\n".join(state.expand(word, step.at) for word in step.exclude))
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


def marked(source: Source) -> Source:
    """The source of an ADD, which unpacks archives that it names; those in a directory stay."""
    node = None if source.is_directory else source.items[0].node
    return source._replace(is_archive=node is not None and is_archive(node.path))
