"""A root of its own for a program that has to run outside a container: a guest's monitor.

Whoever breaks out of a guest is that program. So it sees what it needs, read-only, its own folder,
and nothing else; User-Mode Linux has to, since its guest may mount any directory that it sees
(hostfs). Firecracker calls the program that does this the jailer.

Sources: pivot_root(2), tmpfs(5); the kernel's `virt/uml/user_mode_linux_howto_v2.rst`.
"""

from __future__ import annotations

import os
from collections.abc import Sequence

from realrun.linux import mounts, trees
from realrun.linux.calls import carry_out
from realrun.linux.inroot import held

PATH = os.O_PATH | os.O_CLOEXEC
DEVICES = ("null", "zero", "random", "urandom")
SYSTEM = ("/usr", "/lib", "/lib64", "/etc/ld.so.cache")  # where programs find their libraries


Lent = tuple[str, str, bool]  # what, where, and whether nothing may be written to it
ATTRIBUTES = trees.MOUNT_ATTR_NOSUID | trees.MOUNT_ATTR_NODEV


def build(
    root: str, shown: list[str], folder: str, devices: list[str], lent: Sequence[Lent] = ()
) -> None:
    """Make `root`: the `shown` files and directories of this machine, and `folder` to write to.

    Each is found where it is outside. What is in `shown` and does not exist is left out; a link is
    there as a link. What is `lent` has a place of its own.
    """
    flags = mounts.NOSUID | mounts.NODEV
    mounts.mount("tmpfs", root, "tmpfs", flags, "mode=755,size=64k")
    for path in dict.fromkeys([*SYSTEM, *shown]):
        if os.path.islink(path):
            os.symlink(os.readlink(path), root + path)
        elif os.path.exists(path):
            trees.show(path, place(root, path, os.path.isdir(path)))
    os.makedirs(root + folder)
    mounts.mount(folder, root + folder, None, mounts.BIND)
    for source, target, read_only in lent:
        lend(source, place(root, target, os.path.isdir(source)), read_only)
    for name in (*DEVICES, *devices):
        mounts.lay_over(f"/dev/{name}", place(root, f"/dev/{name}", directory=False))
    os.symlink("/proc/self/fd/1", f"{root}/dev/stdout")
    memory = place(root, "/dev/shm", directory=True)
    mounts.mount("shm", memory, "tmpfs", flags, "mode=1777")
    carry_out(mounts.mount_proc(root))
    mounts.mount(None, root, None, mounts.BIND | mounts.REMOUNT | mounts.RDONLY | flags)


def lend(source: str, target: str, read_only: bool) -> None:
    """With what is mounted below it; its setuid programs and device nodes are none here."""
    with held(trees.cloned_tree(source)) as tree, held(os.open(target, PATH)) as fd:
        change = ATTRIBUTES | (trees.MOUNT_ATTR_RDONLY if read_only else 0)
        trees.set_attributes(tree, (change, 0), True, source)
        trees.put_tree(tree, fd, target)


def place(root: str, path: str, directory: bool) -> str:
    """An empty file or directory at `path` below `root`, to mount on."""
    target = root + path
    os.makedirs(target if directory else os.path.dirname(target), exist_ok=True)
    if not directory:
        os.close(os.open(target, os.O_CREAT | os.O_WRONLY | os.O_CLOEXEC, 0o600))
    return target
