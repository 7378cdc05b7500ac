"""What a guest writes: a file of its own over its image's disk, copied on write.

It lies in a folder that the monitor sees, and stays as long as the guest's container does, as a
container's writable layer. QEMU's is a qcow2 file that we make; User-Mode Linux makes its COW file
itself, and last of all gives it its length. Both are nothing without the very disk that they lie
over: `base` tells which that is.

Sources: QEMU's `docs/interop/qcow2.txt`; the kernel's `arch/um/drivers/cow_user.c`.
"""

from __future__ import annotations

import os
import struct
from pathlib import Path

from realrun.errors import GuestFailed

NAMES = {"qemu": "image.qcow2", "uml": "image.cow"}
PLACE = "/written"  # in the monitor's jail
CLUSTER_BITS = 16
CLUSTER = 1 << CLUSTER_BITS
HEADER = ">4sIQIIQIIQQIIQQQQII"  # of version 3
REFCOUNT_ORDER = 4  # counts of 16 bits


def prepare(folder: Path, isolation: str, disk: Path) -> None:
    """Have the folder ready for a guest on this disk; what one has written there stays.

    Raises GuestFailed if that was on another disk.
    """
    folder.mkdir(mode=0o700, exist_ok=True)
    found = os.stat(disk)
    told = f"{disk} {found.st_size} {found.st_mtime_ns}\n"
    overlay, base = folder / NAMES[isolation], folder / "base"
    if is_whole(overlay, isolation, found.st_size):
        if base.read_text(encoding="utf-8") != told:
            raise GuestFailed(
                f"what the guest has written lies over a disk that has been made anew ({disk});"
                " it cannot be read any more: remove the container"
            )
        return
    overlay.unlink(missing_ok=True)
    put(base, told.encode())
    if isolation == "qemu":
        put(overlay, *empty_qcow2(found.st_size))


def is_whole(overlay: Path, isolation: str, disk_bytes: int) -> bool:
    """Is it there, and not of a User-Mode Linux that was killed while it made it?"""
    try:
        size = os.stat(overlay).st_size
    except FileNotFoundError:
        return False
    return isolation != "uml" or size > disk_bytes


def put(path: Path, *clusters: bytes) -> None:
    """A file of these clusters, whole or not at all; of zeros there are holes."""
    new = path.with_name(f"{path.name}.new")
    with open(new, "wb") as file:
        for number, data in enumerate(clusters):
            file.seek(number * CLUSTER)
            file.write(data)
        if len(clusters) > 1:
            file.truncate(len(clusters) * CLUSTER)
    os.replace(new, path)


def empty_qcow2(disk_bytes: int) -> list[bytes]:
    """The clusters of a qcow2 file that has nothing of its own yet: header, a table of one block of
    counts, that block, and a table of no tables. Which disk it lies over, QEMU is told."""
    entries = -(-disk_bytes // (CLUSTER * CLUSTER // 8))
    tables = -(-entries * 8 // CLUSTER)
    header = struct.pack(
        HEADER, b"QFI\xfb", 3, 0, 0, CLUSTER_BITS, disk_bytes, 0, entries, 3 * CLUSTER, CLUSTER, 1,
        0, 0, 0, 0, 0, REFCOUNT_ORDER, struct.calcsize(HEADER),
    )  # fmt: skip
    counts = struct.pack(">H", 1) * (3 + tables)
    return [header + bytes(8), struct.pack(">Q", 2 * CLUSTER), counts, *[b""] * tables]


def lent(folder: str) -> list[tuple[str, str, bool]]:
    """For the jail: what, where, and whether nothing may be written to it."""
    return [(folder, PLACE, False)] if folder else []


def written_bytes(folder: Path) -> int:
    """What the guest has written takes on the disk of this machine; stat(2), st_blocks."""
    found = [path for path in folder.glob("image.*") if path.suffix != ".new"]
    return sum(os.stat(path).st_blocks * 512 for path in found)
