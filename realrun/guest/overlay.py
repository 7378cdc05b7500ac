"""What a guest writes: a file of its own over its image's disk, copied on write.

It stays as long as the guest's container does, as a container's writable layer. QEMU's is a qcow2
file that we make; User-Mode Linux makes its COW file itself, and last of all gives it its length.
Both are nothing without the very disk that they lie over: `base` tells which that is. It lies
beside the folder `kept`, which the monitor may write to: what lies there may be anything, so we
follow no link there and make no file.

Sources: QEMU's `docs/interop/qcow2.txt`; the kernel's `arch/um/drivers/cow_user.c`.
"""

from __future__ import annotations

import os
import stat
import struct
from pathlib import Path

from realrun.errors import GuestFailed

NAMES = {"qemu": "image.qcow2", "uml": "image.cow"}
KEPT, PLACE = "kept", "/written"  # here, and in the monitor's jail
CLUSTER_BITS = 16
CLUSTER = 1 << CLUSTER_BITS
HEADER = ">4sIQIIQIIQQIIQQQQII"  # of version 3
REFCOUNT_ORDER = 4  # counts of 16 bits


def prepare(folder: Path, isolation: str, disk: Path) -> None:
    """Have the folder ready for a guest on this disk; what one has written there stays.

    Raises GuestFailed if that was on another disk.
    """
    kept, base = folder / KEPT, folder / "base"
    for made in (folder, kept):
        made.mkdir(mode=0o700, exist_ok=True)
    found = os.stat(disk)
    told = f"{disk} {found.st_size} {found.st_mtime_ns}\n"
    overlay = kept / NAMES[isolation]
    if is_whole(overlay, isolation, found.st_size):
        if base.read_text(encoding="utf-8") != told:
            raise GuestFailed(
                f"what the guest has written lies over a disk that has been made anew ({disk});"
                " it cannot be read any more: remove the container"
            )
        return
    overlay.unlink(missing_ok=True)
    new = folder / "new"
    put(new, base, told.encode())
    if isolation == "qemu":
        put(new, overlay, *empty_qcow2(found.st_size))


def is_whole(overlay: Path, isolation: str, disk_bytes: int) -> bool:
    """Is it there, and not of a User-Mode Linux that was killed while it made it?"""
    try:
        there = os.lstat(overlay)
    except FileNotFoundError:
        return False
    return stat.S_ISREG(there.st_mode) and (isolation != "uml" or there.st_size > disk_bytes)


def put(new: Path, path: Path, *clusters: bytes) -> None:
    """A file of these clusters at `path`, whole or not at all; of zeros there are holes."""
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
    return [(f"{folder}/{KEPT}", PLACE, False)] if folder else []


def written_bytes(folder: Path) -> int:
    """What the guest has written takes on the disk of this machine; stat(2), st_blocks."""
    return sum(os.lstat(path).st_blocks * 512 for path in (folder / KEPT).glob("*"))
