"""A root of its own for a program that has to run outside a container: a guest's monitor.

Whoever breaks out of a guest is that program. So it sees what it needs, read-only, its own folder,
and nothing else; User-Mode Linux has to, since its guest may mount any directory that it sees
(hostfs). Firecracker calls the program that does this the jailer.

Sources: pivot_root(2), tmpfs(5); the kernel's `virt/uml/user_mode_linux_howto_v2.rst`.
"""

from __future__ import annotations

import os

from realrun.linux import mounts, trees
from realrun.linux.calls import carry_out

DEVICES = ("null", "zero", "random", "urandom")
SYSTEM = ("/usr", "/lib", "/lib64", "/etc/ld.so.cache")  # where programs find their libraries


def build(root: str, shown: list[str], folder: str, devices: list[str]) -> None:
    """Make `root`: the `shown` files and directories of this machine, and `folder` to write to.

    Each is found where it is outside. What is in `shown` and does not exist is left out; a link is
    there as a link.
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
    for name in (*DEVICES, *devices):
        mounts.lay_over(f"/dev/{name}", place(root, f"/dev/{name}", directory=False))
    os.symlink("/proc/self/fd/1", f"{root}/dev/stdout")
    memory = place(root, "/dev/shm", directory=True)
    mounts.mount("shm", memory, "tmpfs", flags, "mode=1777")
    carry_out(mounts.mount_proc(root))
    mounts.mount(None, root, None, mounts.BIND | mounts.REMOUNT | mounts.RDONLY | flags)


def place(root: str, path: str, directory: bool) -> str:
    """An empty file or directory at `path` below `root`, to mount on."""
    target = root + path
    os.makedirs(target if directory else os.path.dirname(target), exist_ok=True)
    if not directory:
        os.close(os.open(target, os.O_CREAT | os.O_WRONLY | os.O_CLOEXEC, 0o600))
    return target
