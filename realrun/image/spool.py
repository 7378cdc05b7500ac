"""The files of an archive of images, put aside until it is clear what they are.

The order of such an archive is anybody's choice, and a stream cannot be rewound. So every file is
written to a workspace once, its digest taken as it passes, which then is its name there. The names
of the archive are looked up in a table and never become paths. Links are looked up, too: they lead
to another file of the archive or to nothing.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import NamedTuple

from realrun.errors import BadImage
from realrun.files import holes
from realrun.files.trail import Trail
from realrun.image import documents
from realrun.image import tarread as tar
from realrun.image.budget import Budget
from realrun.image.layers import read_rest
from realrun.image.rooted import MAX_LINKS, Parts, clean
from realrun.image.streams import Readable, ahead, plain
from realrun.image.tarread import Entry, TarReader, shown


class Member(NamedTuple):
    """One file of the archive."""

    path: Path
    size: int
    digest: str


class Spool:
    """The table of what an archive holds."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.budget = folder, Budget()
        self._members: dict[Parts, Member] = {}
        self._links: dict[Parts, Parts] = {}

    def fill(self, stream: Readable) -> None:
        """Read the whole archive, compressed or not; raises BadImage if it is none."""
        with ahead(plain(stream)) as source:
            reader = TarReader(source.read, self.budget)
            for entry in reader:
                self._take(entry, reader)
            read_rest(source, self.budget)  # or whoever writes into our pipe would break off

    def find(self, name: str | bytes) -> Member | None:
        """The file of this name, links followed."""
        parts = clean(os.fsencode(name))
        for _ in range(MAX_LINKS):
            if parts not in self._links:
                return self._members.get(parts)
            parts = self._links[parts]
        raise BadImage(f"{shown(os.fsencode(name))} is a link that leads in a circle")

    def need(self, name: str, what: str) -> Member:
        """The file of this name; it has to be there."""
        found = self.find(name)
        if found is None:
            raise BadImage(f"the archive has no {what}: {shown(os.fsencode(name))} is missing")
        return found

    def document(self, name: str, what: str) -> bytes:
        """A JSON document as it stands there; one that is too large is not even read."""
        member = self.need(name, what)
        if member.size > documents.MAX_BYTES:
            raise BadImage(
                f"{what} has {member.size} bytes; at most {documents.MAX_BYTES} make sense"
            )
        return member.path.read_bytes()

    def _take(self, entry: Entry, reader: TarReader) -> None:
        parts = clean(entry.name)
        if entry.kind == tar.DIRECTORY:
            return
        if entry.kind == tar.SYMLINK:
            start = b"" if entry.link.startswith(b"/") else b"/".join(parts[:-1]) + b"/"
            self._links[parts] = clean(start + entry.link)
        elif entry.kind == tar.HARD_LINK:
            self._links[parts] = clean(entry.link)
        elif entry.kind == tar.REGULAR and entry.extents is None:
            member = self._write(reader, entry)
            if self._members.setdefault(parts, member).digest != member.digest:
                raise BadImage(f"{shown(entry.name)} is twice in the archive, with two contents")
        else:
            raise BadImage(f"{shown(entry.name)} is neither a plain file nor a folder nor a link")
        if parts in self._links and parts in self._members:
            raise BadImage(f"{shown(entry.name)} is twice in the archive, as a file and as a link")

    def _write(self, reader: TarReader, entry: Entry) -> Member:
        import hashlib

        path, digest = self.folder / "member", hashlib.sha256()
        with open(path, "wb") as out:
            trail = Trail(out)
            for offset, piece in reader.chunks(entry):
                digest.update(piece)
                holes.put(out, piece)
                trail.follow(offset + len(piece))
            out.truncate(entry.size)
        os.replace(path, self.folder / digest.hexdigest())
        return Member(self.folder / digest.hexdigest(), entry.size, "sha256:" + digest.hexdigest())
