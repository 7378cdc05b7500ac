"""RUN --mount=type=cache: directories that outlive a build and are in no image.

    ROOT/cache/mounts/KEY/0     the directory; 1, 2, ... if `private` found the others in use

Whoever uses one holds a lock (flock(2)) on it, so that `locked` can wait for its turn, `private`
can look for a free one, and `prune` takes what nobody uses.

Source: Dockerfile reference, "RUN --mount=type=cache", "sharing".
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable, Iterator
from pathlib import Path

from realrun.files.remove import DIRECTORY_FLAGS, remove_tree
from realrun.files.workspace import locked

FOLDER = "cache/mounts"
MOST = 1000


def place(root: Path, *names: str) -> Path:
    """Where the directories are that these names mean: the id, and what the first was made from."""
    import hashlib

    return root / FOLDER / hashlib.sha256(repr(names).encode()).hexdigest()


class CacheDirectory:
    """One in use, from `try_to_take` to `let_go`; `make` makes a new one elsewhere in `root`."""

    def __init__(self, root: Path, folder: Path, sharing: str, make: Callable[[], Path]) -> None:
        self.root, self.folder, self.sharing, self.make = root, folder, sharing, make
        self.path, self._fd = folder / "0", -1

    def try_to_take(self) -> bool:
        """True if it is ours; `private` takes a new one rather than wait."""
        for number in range(MOST if self.sharing == "private" else 1):
            self.path = self.folder / str(number)
            if not self.path.is_dir():
                self._put_in_place(self.make())
            if self._lock():
                return True
        return False

    def _put_in_place(self, made: Path) -> None:
        """Whole or not at all, and never over one that another build has just put there."""
        with locked(self.root):
            if not self.path.is_dir():
                self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
                made.rename(self.path)

    def _lock(self) -> bool:
        """Lock the directory that has this name; one that was pruned meanwhile is none."""
        how = fcntl.LOCK_SH if self.sharing == "shared" else fcntl.LOCK_EX
        try:
            fd = os.open(self.path, DIRECTORY_FLAGS)
        except FileNotFoundError:
            return False
        try:
            fcntl.flock(fd, how | fcntl.LOCK_NB)
            if os.path.samestat(os.fstat(fd), os.stat(self.path)):
                self._fd, fd = fd, -1
                return True
        except (BlockingIOError, FileNotFoundError):
            pass
        finally:
            if fd >= 0:
                os.close(fd)
        return False

    def let_go(self) -> None:
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1


def prune(root: Path) -> Iterator[str]:
    """Remove what nobody uses; tells what."""
    for folder in sorted((root / FOLDER).glob("*")):
        for path in sorted(folder.iterdir()):
            fd = os.open(path, DIRECTORY_FLAGS)
            try:
                fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
                remove_tree(path)
                yield str(path.relative_to(root))
            except BlockingIOError:
                continue
            finally:
                os.close(fd)
        if not any(folder.iterdir()):
            folder.rmdir()
