"""What `create` makes in the root file system itself: places for mounts, devices, a directory.

They stay with a container that works, as with runc; of a `create` that failed they are removed, for
it is to leave everything as if it had never been tried (OCI runtime-spec, `runtime.md`, "Errors").
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterable

from realrun.errors import KernelRefused
from realrun.linux import inroot, mounts
from realrun.oci import planning
from realrun.oci.bundle import Config

NOT_OURS = (errno.ENOENT, errno.ENOTDIR, errno.ENOTEMPTY, errno.ELOOP, errno.EEXIST)


def expected(root: str, config: Config) -> list[str]:
    """The paths that are not there yet and that the plan would make, parents first."""
    devices = planning.wanted_devices(config)
    places = [one["destination"] for one in config.get("mounts", ())]
    places += [one["path"] for one in devices["devices"]]
    places += [f"/dev/{name}" for name in ("console", *(link for link, _ in mounts.LINKS))]
    return missing(root, [*places, config["process"]["cwd"]])


def missing(root: str, paths: Iterable[str]) -> list[str]:
    """Each path and those above it, as far as they lead to nothing inside the root."""
    top = os.open(root, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    found: dict[str, None] = {}
    try:
        for path in paths:
            place = ""
            for name in os.path.normpath(f"/{path}").strip("/").split("/"):
                place = f"{place}/{name}"
                if not is_there(top, place):
                    found.setdefault(place)
    finally:
        os.close(top)
    return list(found)


def is_there(top: int, path: str) -> bool:
    """Is anything there; a path through something that is no directory is not ours to make."""
    try:
        return inroot.exists(top, path)
    except KernelRefused as refused:
        if refused.number not in NOT_OURS:
            raise
        return True


def remove(root: str, paths: Iterable[str]) -> None:
    """Take back what is empty: directories, empty files, nodes, links."""
    top = os.open(root, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        for path in sorted(paths, reverse=True):
            try:
                remove_one(top, path)
            except OSError as error:
                if error.errno not in NOT_OURS:
                    raise
            except KernelRefused as refused:
                if refused.number not in NOT_OURS:
                    raise
    finally:
        os.close(top)


def remove_one(top: int, path: str) -> None:
    """One of them, by its own name."""
    folder, name = os.path.split(path)
    parent = inroot.open_in(top, folder)
    try:
        found = os.stat(name, dir_fd=parent, follow_symlinks=False)
        if stat.S_ISDIR(found.st_mode):
            os.rmdir(name, dir_fd=parent)
        elif not (stat.S_ISREG(found.st_mode) and found.st_size):
            os.unlink(name, dir_fd=parent)
    finally:
        os.close(parent)
