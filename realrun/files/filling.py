"""An empty directory takes over the content of another, whole or not at all.

    .realrun-filling   a copy on its way; nobody's, once its maker has let go of the lock
    .realrun-filled    a whole copy, on its way up, entry by entry

Both lie in the directory itself: whoever fills it may see nothing beside it. What somebody was
killed at, the next one takes back or finishes.
"""

from __future__ import annotations

import fcntl
import os

from realrun.files.copying import copy_directory, looks
from realrun.files.remove import DIRECTORY_FLAGS, list_directory, remove_at

FILLING, FILLED = b".realrun-filling", b".realrun-filled"


def fill(source: int, target: int) -> None:
    """Make the directory `target` what `source` is, if it is empty; one at a time (flock(2))."""
    fcntl.flock(target, fcntl.LOCK_EX)
    if settle(target) or os.listdir(target):
        return
    try:
        os.mkdir(FILLING, 0o700, dir_fd=target)
        made = os.open(FILLING, DIRECTORY_FLAGS, dir_fd=target)
        try:
            copy_directory(source, made)
        finally:
            os.close(made)
    except BaseException:  # such as a full disk
        remove_at(FILLING, target)
        raise
    os.rename(FILLING, FILLED, src_dir_fd=target, dst_dir_fd=target)
    settle(target)
    looks(source, target)  # once more: its times have changed


def settle(target: int) -> bool:
    """Take back half a copy, finish a whole one; True if there was one. Call with the lock."""
    remove_at(FILLING, target)
    try:
        made = os.open(FILLED, DIRECTORY_FLAGS, dir_fd=target)
    except FileNotFoundError:
        return False
    try:
        there = set(list_directory(target))
        for name in list_directory(made):
            if name not in there:
                os.rename(name, name, src_dir_fd=made, dst_dir_fd=target)
        looks(made, target)
    finally:
        os.close(made)
    remove_at(FILLED, target)
    return True
