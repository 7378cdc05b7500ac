"""Directories and files of outside, volumes and memory, mounted at their places inside.

The child does this when the image is stacked and before it becomes the root, while both sides can
be seen. A place is found by the kernel inside the image (`linux.inroot`): a link of a hostile image
never leads outside. Order and defaults are Docker's; light, as everything the child needs.

Source: mount_setattr(2), open_tree(2), tmpfs(5); Docker's documentation, "Volumes", "Bind mounts",
"tmpfs mounts".
"""

from __future__ import annotations

import os
import stat
from typing import Any

from realrun.errors import UsageError
from realrun.files.filling import fill
from realrun.linux import inroot, mounts, trees
from realrun.linux.inroot import held


def attach(root: str, wanted: list[dict[str, Any]]) -> None:
    """Mount all of `wanted` (a `spec.Mount` each, its source a path), in this order."""
    proc_device = os.stat(f"{root}/proc").st_dev
    with held(inroot.open_root(root)) as top:
        for one in wanted:
            if one["kind"] == "tmpfs":
                attach_tmpfs(top, proc_device, one)
            else:
                attach_tree(top, proc_device, one)


def place(top: int, proc_device: int, target: str, directory: bool) -> int:
    """A descriptor of the place, made if it is missing."""
    fd = inroot.open_or_make(top, target, directory)
    status = os.fstat(fd)
    if status.st_dev == proc_device:
        raise UsageError(f"{target} lies in /proc, where nothing can be mounted")
    if stat.S_ISDIR(status.st_mode) != directory:
        kinds = ("a directory", "a file") if directory else ("a file", "a directory")
        raise UsageError(f"cannot mount {kinds[0]} on {target}: the image has {kinds[1]} there")
    return fd


def attach_tree(top: int, proc_device: int, one: dict[str, Any]) -> None:
    """A directory or file of this machine, with what is mounted below it."""
    with held(trees.cloned_tree(one["source"])) as tree:
        directory = stat.S_ISDIR(os.fstat(tree).st_mode)
        with held(place(top, proc_device, one["target"], directory)) as fd:
            if one["kind"] == "volume" and "nocopy" not in one["options"]:
                populate(fd, tree)
            if one["read_only"]:
                trees.make_read_only(tree, one["target"], recursive=True)
            trees.put_tree(tree, fd, one["target"])


def populate(place_fd: int, volume: int) -> None:
    """An empty volume takes over what the image has at its place."""
    flags = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
    with (
        held(os.open(".", flags, dir_fd=place_fd)) as source,
        held(os.open(".", flags, dir_fd=volume)) as target,
    ):
        fill(source, target)


def attach_tmpfs(top: int, proc_device: int, one: dict[str, Any]) -> None:
    """Memory; a directory that the image has there lends its mode, unless one is asked for."""
    known = inroot.exists(top, one["target"])
    with held(place(top, proc_device, one["target"], True)) as fd:
        flags = sum(mounts.OPTIONS.get(word, 0) for word in one["options"])
        data = [f"mode={stat.S_IMODE(os.fstat(fd).st_mode):o}"] if known else []
        data += [word for word in one["options"] if "=" in word]
        mounts.mount_at(fd, "tmpfs", "tmpfs", flags, ",".join(data), one["target"])
