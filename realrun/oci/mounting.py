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
import struct
from typing import Any

from realrun.errors import KernelRefused, UsageError
from realrun.files.copying import copy_directory
from realrun.linux import inroot, libc, mounts

OWN_WAY = ("proc", "sysfs")  # file systems that must lie where their name says
SPECIAL = {"c": stat.S_IFCHR, "u": stat.S_IFCHR, "b": stat.S_IFBLK, "p": stat.S_IFIFO}


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
    top = os.open(root, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        for one in wanted:
            if one["kind"] == "cgroup" and not one["bind"]:
                mount_cgroups(top, one)
            elif one["bind"]:
                bind(top, one)
            elif one["kind"] == "tmpfs":
                mount_memory(top, root, one)
            else:
                mount_new(top, root, one)
    finally:
        os.close(top)


def mount_new(top: int, root: str, one: dict[str, Any]) -> None:
    """A file system of its own."""
    fd = inroot.open_or_make(top, one["target"], True)
    try:
        place = f"/proc/self/fd/{fd}"
        if one["kind"] in OWN_WAY and os.readlink(place) != os.path.normpath(
            f"{root}/{one['target']}"
        ):
            raise UsageError(f"{one['target']} leads elsewhere: {one['kind']} is not mounted there")
        mounts.mount(
            one["source"] or one["kind"], place, one["kind"], one["flags"], ",".join(one["data"])
        )
    except KernelRefused as refused:
        raise KernelRefused("mount", one["target"], refused.number) from refused
    finally:
        os.close(fd)
    change_mounted(top, one)


def mount_memory(top: int, root: str, one: dict[str, Any]) -> None:
    """Memory: what the image has there lends its mode, and its content if that is asked for."""
    if not inroot.exists(top, one["target"]):
        mount_new(top, root, one)
        return
    folder = inroot.open_in(top, one["target"], os.O_RDONLY | os.O_DIRECTORY)
    try:
        mode = f"mode={stat.S_IMODE(os.fstat(folder).st_mode):o}"
        flags = one["flags"] & ~mounts.RDONLY if one["copy_up"] else one["flags"]
        mount_new(top, root, one | {"data": (mode, *one["data"]), "flags": flags})
        if one["copy_up"]:
            copy_up(top, folder, one)
    finally:
        os.close(folder)


def copy_up(top: int, folder: int, one: dict[str, Any]) -> None:
    """The content of the image's folder into what is mounted over it."""
    mounted = inroot.open_in(top, one["target"], os.O_RDONLY | os.O_DIRECTORY)
    try:
        copy_directory(folder, mounted)
        if one["flags"] & mounts.RDONLY:
            set_attributes(mounted, (1, 0), 0, one["target"])
    finally:
        os.close(mounted)


def bind(top: int, one: dict[str, Any]) -> None:
    """A file or directory of this machine; its attributes are there before it is."""
    flags = mounts.OPEN_TREE_CLONE | os.O_CLOEXEC | (mounts.RECURSIVE if one["recursive"] else 0)
    tree = libc.syscall("open_tree", mounts.HERE, libc.text(one["source"]), flags, on=one["source"])
    try:
        directory = stat.S_ISDIR(os.fstat(tree).st_mode)
        set_attributes(tree, one["attributes"], 0, one["target"])
        fd = inroot.open_or_make(top, one["target"], directory)
        try:
            mounts.put_tree(tree, fd, one["target"])
        finally:
            os.close(fd)
    finally:
        os.close(tree)
    change_mounted(top, one)


def change_mounted(top: int, one: dict[str, Any]) -> None:
    """What can be said of a mount only once it is there."""
    if one["below"] == (0, 0) and not one["propagations"]:
        return
    fd = inroot.open_in(top, one["target"])
    try:
        set_attributes(fd, one["below"], mounts.RECURSIVE, one["target"])
        for propagation in one["propagations"]:
            mounts.mount(None, f"/proc/self/fd/{fd}", None, propagation)
    finally:
        os.close(fd)


def set_attributes(fd: int, change: tuple[int, int], recursive: int, name: str) -> None:
    """mount_setattr(2) on the mount behind a descriptor."""
    if change == (0, 0):
        return
    how = struct.pack("QQQQ", *change, 0, 0)
    flags = mounts.EMPTY_PATH | recursive
    libc.syscall("mount_setattr", fd, b"", flags, how, len(how), on=name)


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
            entry = {"target": place, "source": source, "recursive": True, "below": (0, 0),
                     "propagations": (), "attributes": (one["flags"] & 15, 0)}  # fmt: skip
            bind(top, entry)
    fd = inroot.open_in(top, one["target"])
    try:
        for controllers in [c for name, c, _ in one["trees"] if "," in c and name == c]:
            for word in controllers.split(","):
                os.symlink(controllers, word, dir_fd=fd)
        if one["flags"] & mounts.RDONLY:
            set_attributes(fd, (1, 0), 0, one["target"])
    finally:
        os.close(fd)


def mount_plain(top: int, target: str, kind: str, flags: int, data: str) -> None:
    """A file system at a place that is made if it is missing."""
    fd = inroot.open_or_make(top, target, True)
    try:
        mounts.mount(kind, f"/proc/self/fd/{fd}", kind, flags, data)
    finally:
        os.close(fd)


def make_devices(root: str, devices: list[dict[str, Any]], links: bool, bound: bool) -> None:
    """Device nodes, and with `links` the usual links of /dev; `bound`: the host's own nodes.

    In a user namespace nobody may make a node that the kernel would open.
    """
    top = os.open(root, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    umask = os.umask(0)
    try:
        for device in devices:
            if bound:
                bind(top, {"source": device["path"], "target": device["path"], "recursive": False,
                           "attributes": (0, 0), "below": (0, 0),
                           "propagations": ()})  # fmt: skip
            else:
                make_device(top, device)
        for name, points_to in mounts.LINKS if links else ():
            make_link(top, name, points_to)
    finally:
        os.umask(umask)
        os.close(top)


def make_device(top: int, device: dict[str, Any]) -> None:
    """One node; one that is there already has to be the same."""
    folder, name = os.path.split(device["path"])
    parent = inroot.open_or_make(top, folder, True)
    kind, mode = SPECIAL[device["type"]], device["fileMode"]
    number = os.makedev(device["major"], device["minor"]) if device["type"] != "p" else 0
    try:
        try:
            os.mknod(name, kind | mode, number, dir_fd=parent)
        except FileExistsError:
            found = os.stat(name, dir_fd=parent, follow_symlinks=False)
            if stat.S_IFMT(found.st_mode) != kind or found.st_rdev != number:
                raise UsageError(f"{device['path']} is there already, as something else") from None
        os.chown(name, device["uid"], device["gid"], dir_fd=parent, follow_symlinks=False)
        os.chmod(name, mode, dir_fd=parent)
    finally:
        os.close(parent)


def make_link(top: int, name: str, points_to: str) -> None:
    """One link of /dev, unless the image has something there, or the kernel lacks the target."""
    if name == "core" and not os.path.exists(points_to):
        return
    dev = inroot.open_or_make(top, "/dev", True)
    try:
        if name == "ptmx":
            remove_node(name, dev)
        os.symlink(points_to, name, dir_fd=dev)
    except FileExistsError:
        return
    finally:
        os.close(dev)


def remove_node(name: str, dir_fd: int) -> None:
    """The image's own /dev/ptmx would open the host's terminals."""
    try:
        os.unlink(name, dir_fd=dir_fd)
    except FileNotFoundError:
        return


def make_read_only(path: str) -> None:
    """One mount, from now on, whatever else it may be."""
    fd = os.open(path, os.O_PATH | os.O_CLOEXEC)
    try:
        set_attributes(fd, (1, 0), 0, path)
    finally:
        os.close(fd)


def cover_paths(masked: list[str], read_only: list[str]) -> None:
    """Hide what tells of the host; let its switches be read only. What is missing is no error."""
    for path in read_only:
        if os.path.exists(path):
            mounts.mount(path, path, None, mounts.BIND | mounts.REC)
            fd = os.open(path, os.O_PATH | os.O_CLOEXEC)
            try:
                set_attributes(fd, (1, 0), mounts.RECURSIVE, path)
            finally:
                os.close(fd)
    for path in masked:
        mounts.cover(path)
