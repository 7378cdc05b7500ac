"""A layer in its two forms: the archive (a blob) and the directory that overlayfs mounts.

The *digest* names the archive as it is stored, compressed or not; the *diff id* names the
uncompressed archive, so it stays when the compression changes. Both are computed while the bytes
pass by: memory does not grow with the layer. Layers made here are stored uncompressed, so both
names are one; those that come in keep the form that they have.

Source: OCI image-spec, layer.md ("+gzip", "+zstd"), config.md ("Layer DiffID").
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from realrun.errors import BadImage
from realrun.files import holes
from realrun.files.trail import Passing, Trail

if TYPE_CHECKING:
    from realrun.image.budget import Budget
    from realrun.image.streams import Readable

TAR = "application/vnd.oci.image.layer.v1.tar"
TAR_GZIP = "application/vnd.oci.image.layer.v1.tar+gzip"
TAR_ZSTD = "application/vnd.oci.image.layer.v1.tar+zstd"
GZIP_LEVEL = 6  # for base images: made once, kept long
CHUNK = 1 << 20
GZIP_WINDOW = 31  # zlib: a gzip wrapper, whose time stamp is 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Layer:
    """One layer; `blob` and `tree` say where its forms wait until the store takes them over."""

    diff_id: str
    digest: str
    size: int
    media_type: str = TAR
    blob: Path | None = None
    tree: Path | None = None

    def descriptor(self) -> dict[str, object]:
        """As a manifest lists it."""
        return {"mediaType": self.media_type, "digest": self.digest, "size": self.size}


class Packer:
    """A sink for an archive: writes it, compressed or not, and names both forms."""

    def __init__(self, out: BinaryIO, compress: bool = False) -> None:
        import hashlib

        self._out, self._trail, self.size, self._zip = out, Trail(out), 0, None
        self._plain, self._stored = hashlib.sha256(), hashlib.sha256()
        if compress:
            import zlib

            self._zip = zlib.compressobj(GZIP_LEVEL, zlib.DEFLATED, GZIP_WINDOW)

    def write(self, data: bytes, /) -> None:
        self._plain.update(data)
        self._store(self._zip.compress(data) if self._zip else data)

    def _store(self, data: bytes) -> None:
        if self._zip:
            self._stored.update(data)
        holes.put(self._out, data)
        self.size += len(data)
        self._trail.follow(self.size)

    def finish(self) -> tuple[str, str]:
        """(diff id, digest); the file is on the disk when this returns."""
        if self._zip:
            self._store(self._zip.flush())
        self._out.truncate(self.size)
        self._out.flush()
        os.fsync(self._out.fileno())
        diff_id = "sha256:" + self._plain.hexdigest()
        return diff_id, "sha256:" + self._stored.hexdigest() if self._zip else diff_id


def pack(
    upper: Path,
    blob: Path,
    *,
    owners: Mapping[bytes, tuple[int, int]] | None = None,
    latest: int | None = None,
    compress: bool = False,
) -> Layer:
    """Write the archive of `upper` to `blob` and settle `upper` to be the layer's directory.

    `latest`: no file is younger than this (seconds), see SOURCE_DATE_EPOCH. `compress`: by gzip,
    which takes longer than all the rest.
    """
    from realrun.image.diff import Writer

    with open(blob, "xb") as out:
        packer = Packer(out, compress)
        Writer(packer, owners or {}, latest, settle=True).tree(upper)
        diff_id, digest = packer.finish()
    media_type = TAR_GZIP if compress else TAR
    return Layer(
        diff_id=diff_id,
        digest=digest,
        size=packer.size,
        media_type=media_type,
        blob=blob,
        tree=upper,
    )


class HashingReader:
    """Reads the uncompressed archive and names it on the way."""

    def __init__(self, stream: Readable) -> None:
        import hashlib

        self._stream, self._hash = stream, hashlib.sha256()

    def read(self, count: int, /) -> bytes:
        piece = self._stream.read(count)
        self._hash.update(piece)
        return piece

    def named(self) -> str:
        """The name of what has been read so far."""
        return "sha256:" + self._hash.hexdigest()


def unpack_blob(blob: Path, target: Path, diff_id: str, budget: Budget | None = None) -> None:
    """Unpack a stored layer into the empty directory `target`; its diff id has to be right."""
    from realrun.image.budget import Budget
    from realrun.image.streams import ahead, plain
    from realrun.image.tarread import TarReader
    from realrun.image.unpack import unpack

    budget = budget or Budget()
    with open(blob, "rb", buffering=0) as stored:
        reader = HashingReader(plain(Passing(stored)))
        with ahead(reader) as stream:
            unpack(TarReader(stream.read, budget), target)
            read_rest(stream, budget)
    if reader.named() != diff_id:
        raise BadImage(
            f"layer {blob.name[:12]}: its content is {reader.named()}, the image says {diff_id}"
        )


def read_rest(stream: Readable, budget: Budget) -> None:
    """What comes after the end-of-archive mark; it counts for the archive's name, too."""
    while piece := stream.read(CHUNK):
        budget.bytes(len(piece))
