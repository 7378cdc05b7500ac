"""How many bytes an unpacked layer has: what its files hold, and what they take on the disk.

A file with several names counts once. Holes count for what a file holds, not for what it takes.

Source: stat(2), st_size and st_blocks; du(1).
"""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import NamedTuple

from realrun.image.diff import walk

SECTOR = 512  # stat(2): st_blocks counts these, whatever the file system's block is


class Size(NamedTuple):
    """`content_bytes`: files and links; `disk_bytes`: as du, directories included."""

    content_bytes: int
    disk_bytes: int


def size_of(tree: Path) -> Size:
    """The sizes of a directory and everything in it."""
    top = os.lstat(tree)
    content, disk, seen = 0, top.st_blocks * SECTOR, {(top.st_dev, top.st_ino)}
    for found in walk(tree):
        status = found.status
        inode = (status.st_dev, status.st_ino)
        if inode in seen:
            continue
        seen.add(inode)
        disk += status.st_blocks * SECTOR
        if stat.S_ISREG(status.st_mode) or stat.S_ISLNK(status.st_mode):
            content += status.st_size
    return Size(content, disk)
