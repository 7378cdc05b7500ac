"""What COPY copies: the files that the sources name, in the context or in another stage.

* a source is a path from the top of the context; `/` and `..` in front of it mean nothing;
* a pattern (`*.txt`) stands for all that match, sorted; for nothing if nothing matches;
* a link that is named is followed, inside the context; links inside a directory stay links;
* of a directory the contents are copied, not the directory itself; with --parents everything keeps
  the directories that it is in;
* what `.dockerignore` leaves out is not there.

Source: Dockerfile reference, "COPY", ".dockerignore file".
"""

from __future__ import annotations

import os
import posixpath
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from realrun.build.lines import TooLong, data_of
from realrun.build.match import BadPattern, Rule, compiled, has_magic, ignored, read_rules
from realrun.image.merged import Merged, Node
from realrun.image.rooted import MAX_DEPTH


class CannotCopy(ValueError):
    """A source that is not there or makes no sense."""


class Item(NamedTuple):
    """One thing to copy: its name below the target, and where it is; no node: `content` is it."""

    name: tuple[str, ...]
    node: Node | None
    content: bytes = b""

    @property
    def is_directory(self) -> bool:
        return self.node is not None and self.node.is_directory


class Source(NamedTuple):
    """What one source word stands for: a directory's contents, or one file."""

    base: str  # the name that a file has in a target directory
    items: tuple[Item, ...]
    is_directory: bool
    is_archive: bool = False  # ADD unpacks it


class Origin:
    """A tree to copy from, with the rules for what of it counts as absent."""

    def __init__(self, tree: Merged, rules: Sequence[Rule] = ()) -> None:
        self.tree, self.rules = tree, rules

    def select(self, word: str) -> list[Source]:
        """What a source word, already expanded, stands for."""
        path = posixpath.normpath("/" + word).strip("/")
        if has_magic(path):
            try:
                found = sorted(self._matches(path), key=os.fsencode)
            except BadPattern as error:
                raise CannotCopy(str(error)) from None
            return [self._source(name) for name in found]
        return [self._source(path)]

    def select_with_parents(self, word: str) -> list[Source]:
        """The same for --parents: what is selected keeps the directories above it.

        They count from the top, or from a `/./` in the word. Nothing is followed, and `**` stands
        for any number of directories.
        """
        before, dot, after = word.partition("/./")
        top, path = (before, after) if dot else ("", before)
        pattern = posixpath.normpath("/" + path).strip("/")
        node = self._find(posixpath.normpath("/" + top).strip("/"))
        try:
            wanted = [Rule(compiled(pattern or "**", deep=True), keeps=False)]
        except BadPattern as error:
            raise CannotCopy(str(error)) from None
        if node is None or not node.is_directory:
            raise CannotCopy(f"{'/' + top!r} is no directory of the source")
        found = list(self._contents(node, ()))
        kept = {item.name for item in found if ignored("/".join(item.name), wanted)}
        if not kept and not has_magic(pattern):
            raise CannotCopy(f"{'/' + pattern!r} is not there")
        kept |= {name[:depth] for name in kept for depth in range(1, len(name))}
        items = tuple(item for item in found if item.name in kept)
        return [Source("", items, True)] if items else []

    def top(self, path: str) -> tuple[Node, Source]:
        """A file or a whole directory for a mount: itself, and what is in it."""
        path = posixpath.normpath("/" + path).strip("/")
        source, node = self._source(path), self._find(path)
        assert node is not None
        return node, source

    def _source(self, path: str) -> Source:
        node = self._find(path)
        if node is None:
            raise CannotCopy(f"{'/' + path!r} is not there")
        real = "/".join(node.parts)
        if real and not node.is_directory and ignored(real, self.rules):
            raise CannotCopy(f"{'/' + path!r} is left out by .dockerignore")
        base = posixpath.basename(path)
        if not node.is_directory:
            return Source(base, (Item((), node),), False)
        return Source(base, tuple(self._contents(node, ())), True)

    def _find(self, path: str) -> Node | None:
        try:
            return self.tree.find(path)
        except OSError as error:
            raise CannotCopy(f"{'/' + path!r}: {error.strerror}") from None

    def _matches(self, pattern: str) -> Iterator[str]:
        """Names that match, part by part: a `*` never crosses a `/`."""
        found = [""]
        for part in pattern.split("/"):
            expression, longer = compiled(part), []
            for path in found:
                node = self._find(path)
                if node is None or not node.is_directory:
                    continue
                names = (child.parts[-1] for child in self.tree.children(node))
                longer += [f"{path}/{n}".strip("/") for n in names if expression.fullmatch(n)]
            found = longer
        return (path for path in found if self._counts(path))

    def _counts(self, path: str) -> bool:
        """Is a match there for COPY? A dangling link is not; a directory may be in parts."""
        node = self._find(path)
        if node is None:
            return False
        return not ignored(path, self.rules) or (
            node.is_directory and any(True for _ in self._contents(node, ()))
        )

    def _contents(self, top: Node, name: tuple[str, ...]) -> Iterator[Item]:
        """Everything below a directory, each directory before what is in it.

        A directory that is left out still comes if something in it does not.
        """
        if len(name) > MAX_DEPTH:
            raise CannotCopy("directories nested too deeply")
        for node in self.tree.children(top):
            inner = (*name, node.parts[-1])
            out = ignored("/".join(node.parts), self.rules) if self.rules else False
            if not node.is_directory:
                if not out and not stat.S_ISSOCK(node.status.st_mode):
                    yield Item(inner, node)
                continue
            if not out:
                yield Item(inner, node)
            elif not any(rule.keeps for rule in self.rules):
                continue
            for item in self._contents(node, inner):
                if out:
                    yield Item(inner, node)
                    out = False
                yield item


def context(folder: Path, dockerfile: Path | bytes) -> Origin:
    """The build context: a folder, and the .dockerignore that goes with this Dockerfile."""
    places = [folder / ".dockerignore"]
    if isinstance(dockerfile, Path):
        places.insert(0, dockerfile.with_name(dockerfile.name + ".dockerignore"))
    for place in places:
        try:
            text = data_of(place).decode("utf-8", "surrogateescape")
        except (FileNotFoundError, NotADirectoryError):
            continue
        except TooLong as error:
            raise CannotCopy(str(error)) from None
        try:
            return Origin(Merged([folder]), read_rules(text))
        except BadPattern as error:
            raise CannotCopy(f"{place.name}: {error}") from None
    return Origin(Merged([folder]))


def fingerprint(sources: Sequence[Source], with_owner: bool) -> str:
    """A digest of what would be copied: names, kinds, modes, targets, contents; not times.

    `with_owner`: from another stage owners are copied too, from the context they are not.
    """
    import hashlib

    total = hashlib.sha256()
    for source in sources:
        kind = "archive" if source.is_archive else source.is_directory
        total.update(f"source {source.base!r} {kind}\n".encode())
        for item in source.items:
            total.update(repr((item.name, *description(item, with_owner))).encode() + b"\n")
    return total.hexdigest()


def description(item: Item, with_owner: bool) -> tuple[object, ...]:
    """All of one item that ends up in the layer."""
    import hashlib

    if item.node is None:
        return ("text", hashlib.sha256(item.content).hexdigest())
    status, path = item.node.status, item.node.path
    owner = (status.st_uid, status.st_gid) if with_owner else ()
    if stat.S_ISREG(status.st_mode):
        with open(path, "rb") as data:
            content = hashlib.file_digest(data, "sha256").hexdigest()
        return (status.st_mode, owner, status.st_size, content, attributes(path))
    if stat.S_ISLNK(status.st_mode):
        return (status.st_mode, owner, os.readlink(path))
    rdev = 0 if stat.S_ISDIR(status.st_mode) else status.st_rdev
    return (status.st_mode, owner, rdev, attributes(path))


def attributes(path: Path) -> list[tuple[str, bytes]]:
    names = [n for n in os.listxattr(path) if n.startswith("user.") or n == "security.capability"]
    kept = sorted(name for name in names if not name.startswith("user.overlay."))
    return [(name, os.getxattr(path, name)) for name in kept]
