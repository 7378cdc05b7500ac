"""Half-made things and the locks around them.

Everything is made in a folder of its own below ROOT/tmp and renamed into place when it is whole.
The maker holds a lock (flock(2)) on that folder; the kernel lets go of it when the process ends, be
it by `kill -9`. So a folder that nobody locks belongs to nobody, and whoever cleans up may take it.
"""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from realrun import paths
from realrun.errors import RealRunError
from realrun.files.remove import DIRECTORY_FLAGS, remove_tree

GIVE_UP_S = 60.0


@contextmanager
def locked(root: Path) -> Iterator[None]:
    """The one lock of ROOT, for changes that take moments; waits for its turn.

    A new ROOT gets our version. Raises RealRunError if it is another version's, or if somebody
    does not let go.
    """
    lock, flags = f"{root}/lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
    if not os.path.isdir(root):
        root.mkdir(parents=True, exist_ok=True)
    fd = os.open(lock, flags, 0o600)
    try:
        take_turn(fd, lock)
        if not paths.is_ours(root):
            (root / "version.new").write_text(f"{paths.VERSION}\n", encoding="utf-8")
            os.replace(root / "version.new", root / "version")
        yield
    finally:
        os.close(fd)


def take_turn(fd: int, path: str) -> None:
    """Lock it (flock(2)), or say who has held it for too long."""
    deadline, pause_s = time.monotonic() + GIVE_UP_S, 0.0005
    while True:
        try:
            return fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > deadline:
                raise RealRunError(
                    f"{path} has been held for {GIVE_UP_S:.0f} s by {holder(fd)}; wait for it or"
                    " end it, and try again"
                ) from None
        time.sleep(pause_s)
        pause_s = min(2 * pause_s, 0.01)


def holder(fd: int) -> str:
    """Who holds the lock of this file. Source: proc(5), `/proc/locks`."""
    inode = str(os.fstat(fd).st_ino)
    with open("/proc/locks", encoding="ascii") as file:
        for words in map(str.split, file):
            if words[1] == "FLOCK" and words[5].rpartition(":")[2] == inode:
                return f"process {words[4]}"
    return "a process that cannot be seen from here"


@contextmanager
def workspace(root: Path, purpose: str) -> Iterator[Path]:
    """A locked folder below ROOT/tmp, gone afterwards with all that was not moved out."""
    path = root / "tmp" / f"{purpose}-{os.getpid()}-{os.urandom(4).hex()}"
    with locked(root):  # or somebody could clean it up before it is locked
        path.parent.mkdir(mode=0o700, exist_ok=True)
        path.mkdir(mode=0o700)
        fd = os.open(path, DIRECTORY_FLAGS)
        fcntl.flock(fd, fcntl.LOCK_EX)
    try:
        yield path
    finally:
        try:
            remove_tree(path)
        finally:
            os.close(fd)


def remove_whole(root: Path, path: Path, purpose: str) -> None:
    """Remove a folder below ROOT: it leaves its name at once, and goes whoever is killed meanwhile.

    This takes no room, so it works on a full disk, too. Raises FileNotFoundError.
    """
    fd = os.open(path, DIRECTORY_FLAGS)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX)
        moved = root / "tmp" / f"{purpose}-{os.getpid()}-{os.urandom(4).hex()}"
        with locked(root):
            moved.parent.mkdir(mode=0o700, exist_ok=True)
            os.rename(path, moved)
        remove_tree(moved)
    finally:
        os.close(fd)


def leftovers(root: Path) -> tuple[list[Path], bool]:
    """What lies in ROOT/tmp and is nobody's; and whether somebody is at work there.

    Call with the store locked, so that no new folder appears meanwhile.
    """
    abandoned, at_work = [], False
    for path in sorted((root / "tmp").glob("*")):
        if is_held(path):
            at_work = True
        else:
            abandoned.append(path)
    return abandoned, at_work


def is_held(path: Path) -> bool:
    """Does a living process hold the lock of this folder?"""
    try:
        fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(fd)
    return False


def write_whole(path: Path, data: bytes, scratch: Path) -> None:
    """Put a file in place complete or not at all, and on the disk."""
    made = scratch / f"file-{os.urandom(4).hex()}"
    with open(made, "xb") as out:
        out.write(data)
        out.flush()
        os.fsync(out.fileno())
    os.replace(made, path)
    sync_directory(path.parent)


def sync_directory(path: Path) -> None:
    """Make renames in this folder survive a power cut."""
    fd = os.open(path, DIRECTORY_FLAGS)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
