"""The child's file systems: the root, what is mounted on it, devices, and what is covered.

Every place is found by the kernel inside the root (`linux.inroot`), so no link of an image or of a
volume leads outside; until the change of root both sides can be seen, and /proc is the host's.
Light: the child imports nothing any more.

Source: OCI runtime-spec, `config.md`, "Mounts"; `config-linux.md`, "Default Filesystems",
"Devices", "Default Devices", "Masked Paths", "Readonly Paths".
"""

from __future__ import annotations

import errno
import os
import stat
from contextlib import suppress
from typing import Any

from realrun.errors import KernelRefused, UsageError
from realrun.files.copying import copy_directory
from realrun.linux import inroot, mounts, nodes, trees
from realrun.linux.inroot import held

OWN_WAY = ("proc", "sysfs")  # file systems that must lie where their name says


def prepare_root(root: str, propagation: int) -> None:
    """Nothing of ours is heard outside, and the root is a mount, as pivot_root(2) wants it."""
    if propagation:
        mounts.mount(None, "/", None, propagation)
    above = root if propagation else ""
    while above:
        try:
            mounts.mount(None, above, None, mounts.PRIVATE)
            break
        except KernelRefused as refused:
            if refused.number != errno.EINVAL:  # is no mount
                raise
            above = "" if above == "/" else os.path.dirname(above)
    mounts.mount(root, root, None, mounts.BIND | mounts.REC)


def set_propagation(propagation: int) -> None:
    """How the new root shares what is mounted in it."""
    mounts.mount(None, "/", None, propagation)


def mount_all(root: str, wanted: list[dict[str, Any]]) -> None:
    """Mount everything, in the order of the configuration."""
    with held(inroot.open_root(root)) as top:
        for one in wanted:
            if one["bind"]:
                bind(top, one)
            elif one["kind"] == "cgroup":
                mount_cgroups(top, one)
            elif one["kind"] == "tmpfs":
                mount_memory(top, root, one)
            else:
                mount_new(top, root, one)


def mount_new(top: int, root: str, one: dict[str, Any]) -> None:
    """A file system of its own."""
    kind, target = one["kind"], one["target"]
    with held(inroot.open_or_make(top, target, True)) as fd:
        lies = os.readlink(f"/proc/self/fd/{fd}")
        if kind in OWN_WAY and lies != os.path.normpath(f"{root}/{target}"):
            raise UsageError(f"{target} leads elsewhere: {kind} is not mounted there")
        data = ",".join(one["data"])
        mounts.mount_at(fd, kind, one["source"] or kind, one["flags"], data, target)
    change_mounted(top, one)


def mount_memory(top: int, root: str, one: dict[str, Any]) -> None:
    """Memory: what the image has there lends its mode, and its content if that is asked for."""
    if not inroot.exists(top, one["target"]):
        mount_new(top, root, one)
        return
    with held(inroot.open_in(top, one["target"], os.O_RDONLY | os.O_DIRECTORY)) as folder:
        mode = f"mode={stat.S_IMODE(os.fstat(folder).st_mode):o}"
        flags = one["flags"] & ~mounts.RDONLY if one["copy_up"] else one["flags"]
        mount_new(top, root, one | {"data": (mode, *one["data"]), "flags": flags})
        if one["copy_up"]:
            copy_up(top, folder, one)


def copy_up(top: int, folder: int, one: dict[str, Any]) -> None:
    """The content of the image's folder into what is mounted over it."""
    with held(inroot.open_in(top, one["target"], os.O_RDONLY | os.O_DIRECTORY)) as mounted:
        copy_directory(folder, mounted)
        if one["flags"] & mounts.RDONLY:
            trees.make_read_only(mounted, one["target"], recursive=False)


def bind(top: int, one: dict[str, Any]) -> None:
    """A file or directory of this machine; its attributes are there before it is."""
    inroot.bind(top, one["source"], one["target"], one["attributes"], one["recursive"])
    change_mounted(top, one)


def change_mounted(top: int, one: dict[str, Any]) -> None:
    """What can be said of a mount only once it is there."""
    if one["below"] == (0, 0) and not one["propagations"]:
        return
    with held(inroot.open_in(top, one["target"])) as fd:
        trees.set_attributes(fd, one["below"], True, one["target"])
        for propagation in one["propagations"]:
            mounts.mount(None, f"/proc/self/fd/{fd}", None, propagation, on=one["target"])


def mount_cgroups(top: int, one: dict[str, Any]) -> None:
    """The control groups as the container is to see them: its own as the root.

    Of version 2 that is one file system; of version 1 one for each tree, in a directory.
    """
    if one["version"] == "v2":
        mount_plain(top, one["target"], "cgroup2", one["flags"], "")
        return
    settled = one["flags"] & ~mounts.RDONLY
    mount_plain(top, one["target"], "tmpfs", settled, "mode=755,size=1m")
    for name, controllers, source in one["trees"]:
        place = f"{one['target']}/{name}"
        if one["namespace"]:
            mount_plain(top, place, "cgroup", one["flags"], controllers)
        else:
            inroot.bind(top, source, place, (one["flags"] & 15, 0))
    with held(inroot.open_in(top, one["target"])) as fd:
        for controllers in [c for name, c, _ in one["trees"] if "," in c and name == c]:
            for word in controllers.split(","):
                os.symlink(controllers, word, dir_fd=fd)
        if one["flags"] & mounts.RDONLY:
            trees.make_read_only(fd, one["target"], recursive=False)


def mount_plain(top: int, target: str, kind: str, flags: int, data: str) -> None:
    """A file system at a place that is made if it is missing."""
    with held(inroot.open_or_make(top, target, True)) as fd:
        mounts.mount_at(fd, kind, kind, flags, data, target)


def make_devices(root: str, devices: list[dict[str, Any]], links: bool, bound: bool) -> None:
    """Device nodes, and with `links` the usual links of /dev; `bound`: the host's own nodes."""
    nodes.make_devices(root, devices, bound)
    with held(inroot.open_root(root)) as top:
        for name, points_to in mounts.LINKS if links else ():
            make_link(top, name, points_to)


def make_link(top: int, name: str, points_to: str) -> None:
    """One link of /dev, unless the image has something there, or the kernel lacks the target."""
    if name == "core" and not os.path.exists(points_to):
        return
    with held(inroot.open_or_make(top, "/dev", True)) as dev:
        if name == "ptmx":  # the image's own would open the host's terminals
            with suppress(FileNotFoundError):
                os.unlink(name, dir_fd=dev)
        with suppress(FileExistsError):
            os.symlink(points_to, name, dir_fd=dev)


def make_read_only(path: str) -> None:
    """One mount, from now on, whatever else it may be."""
    with held(os.open(path, os.O_PATH | os.O_CLOEXEC)) as fd:
        trees.make_read_only(fd, path, recursive=False)


def cover_paths(masked: list[str], read_only: list[str]) -> None:
    """Hide what tells of the host; let its switches be read only. What is missing is no error."""
    for path in read_only:
        if os.path.exists(path):
            mounts.mount(path, path, None, mounts.BIND | mounts.REC)
            with held(os.open(path, os.O_PATH | os.O_CLOEXEC)) as fd:
                trees.make_read_only(fd, path, recursive=True)
    for path in masked:
        mounts.cover(path)
