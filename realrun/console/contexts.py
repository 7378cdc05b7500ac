"""The context of a build that is no folder: an archive in a file, or what comes in.

Whatever comes is told by its content: an archive, compressed or not, is the context with the
Dockerfile in it; any other text is itself the Dockerfile, with nothing to copy.

Source: docs.docker.com, `docker image build`, "Tarball contexts", "Empty context".
"""

from __future__ import annotations

import io
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from realrun.console.incoming import incoming
from realrun.errors import BadImage, UsageError
from realrun.image import Store
from realrun.image.merged import Merged
from realrun.image.streams import BZIP2, GZIP, XZ, ZSTD, Readable, look, plain
from realrun.image.tarread import BLOCK, TarReader
from realrun.image.unpack import unpack

MAX_DOCKERFILE = 4 << 20
USTAR_AT = 257


class Context(NamedTuple):
    """What a build wants to know."""

    folder: Path
    dockerfile: Path | bytes | None


@contextmanager
def context(store: Store, where: str, file: str | None) -> Iterator[Context]:
    """The context that `where` means; what had to be unpacked for it goes away afterwards."""
    if file == "-":
        yield Context(folder_of(where), from_input())
        return
    if where != "-" and not Path(where).is_file():
        yield Context(Path(where), Path(file) if file else None)
        return
    with store.workspace("context") as scratch:
        folder = scratch / "context"
        folder.mkdir(mode=0o755)
        with incoming(where) as stream:
            found = from_stream(stream, folder, file, "standard input" if where == "-" else where)
        yield found


def folder_of(where: str) -> Path:
    """The context of a Dockerfile that comes in: what comes in can be one of them only."""
    if where == "-" or Path(where).is_file():
        raise UsageError("-f - takes the Dockerfile from the input: the context has to be a folder")
    return Path(where)


def from_input() -> bytes:
    """A Dockerfile's text."""
    with incoming("-") as stream:
        return text_of(stream, "standard input")


def from_stream(stream: Readable, folder: Path, file: str | None, name: str) -> Context:
    """Unpack an archive, or take a Dockerfile's text."""
    head, again = look(stream)
    if is_archive(head):
        try:
            unpack(TarReader(plain(again).read), folder)
        except BadImage as error:
            raise BadImage(f"{name}: {error}") from error
        return Context(folder, inside(folder, file or "Dockerfile"))
    if file:
        raise UsageError(f"{name} is no archive but a Dockerfile, and -f names another; give one")
    return Context(folder, alone(again, folder, name))


def is_archive(head: bytes) -> bool:
    """Do these first bytes begin an archive? The oldest have no mark, just a checksum."""
    if head.startswith((GZIP, BZIP2, XZ, ZSTD)) or head[USTAR_AT:].startswith(b"ustar"):
        return True
    try:
        return len(head) == BLOCK and next(iter(TarReader(io.BytesIO(head).read)), None) is not None
    except BadImage:
        return False


def inside(folder: Path, file: str) -> Path:
    """The Dockerfile of an unpacked context; links lead nowhere but to the context itself."""
    try:
        node = Merged([folder]).find(file)
    except OSError as error:
        raise UsageError(f"{file} in the archive: {error.strerror}") from None
    if node is None or not stat.S_ISREG(node.status.st_mode):
        raise UsageError(f"the archive has no file {file}; -f names the Dockerfile in it")
    for rules in (node.path.with_name(node.path.name + ".dockerignore"), folder / ".dockerignore"):
        if os.path.lexists(rules) and not stat.S_ISREG(os.lstat(rules).st_mode):
            raise UsageError(f"{rules.relative_to(folder)} in the archive has to be a plain file")
    return node.path


def alone(text: Readable, folder: Path, name: str) -> Path:
    """A Dockerfile in a context of its own, where nothing is to be copied, not even itself."""
    dockerfile = folder / "Dockerfile"
    dockerfile.write_bytes(text_of(text, name))
    (folder / ".dockerignore").write_text("Dockerfile\n.dockerignore\n")
    return dockerfile


def text_of(text: Readable, name: str) -> bytes:
    """All of a Dockerfile, unless it is too long to be one."""
    data = b""
    while len(data) <= MAX_DOCKERFILE and (piece := text.read(MAX_DOCKERFILE + 1 - len(data))):
        data += piece
    if len(data) > MAX_DOCKERFILE:
        raise UsageError(f"{name}: a Dockerfile of more than {MAX_DOCKERFILE} bytes")
    return data
