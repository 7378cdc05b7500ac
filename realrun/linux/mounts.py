"""The file system that a container sees: /proc, /sys, /dev, and the change of root.

Sources: mount(2), pivot_root(2), the default file systems and devices of the OCI runtime
specification (`config-linux.md`), and the paths that Docker masks (`oci/defaults.go`).
"""

from __future__ import annotations

import ctypes
import errno
import os
import stat
import struct
from collections.abc import Iterator

from realrun.errors import KernelRefused, UsageError
from realrun.linux import descriptors, libc
from realrun.linux.request import Request

# sys/mount.h
RDONLY, NOSUID, NODEV, NOEXEC, SYNCHRONOUS, REMOUNT = 1, 2, 4, 8, 16, 32
NOATIME, NODIRATIME, RELATIME, STRICTATIME = 1024, 2048, 1 << 21, 1 << 24
BIND, REC, PRIVATE, SLAVE = 4096, 16384, 1 << 18, 1 << 19
DETACH, NOFOLLOW = 2, 8
# What mount(8) calls them, by their flags: of one mount, then of the file system as a whole.
OPTIONS = {
    "ro": RDONLY,
    "nosuid": NOSUID,
    "nodev": NODEV,
    "noexec": NOEXEC,
    "noatime": NOATIME,
    "nodiratime": NODIRATIME,
    "relatime": RELATIME,
    "strictatime": STRICTATIME,
    "nosymfollow": 256,
    "sync": SYNCHRONOUS,
    "mand": 64,
    "dirsync": 128,
    "silent": 1 << 15,
    "iversion": 1 << 23,
    "lazytime": 1 << 25,
}
# linux/mount.h, linux/fcntl.h
OPEN_TREE_CLONE, MOUNT_ATTR_RDONLY = 1, 1
MOVE_FROM_DESCRIPTOR, MOVE_TO_DESCRIPTOR = 0x04, 0x40
HERE, EMPTY_PATH, RECURSIVE = -100, 0x1000, 0x8000

DEVICES = (("null", 1, 3), ("zero", 1, 5), ("full", 1, 7), ("random", 1, 8), ("urandom", 1, 9))
TTY = ("tty", 5, 0)
LINKS = (
    ("fd", "/proc/self/fd"),
    ("stdin", "/proc/self/fd/0"),
    ("stdout", "/proc/self/fd/1"),
    ("stderr", "/proc/self/fd/2"),
    ("ptmx", "pts/ptmx"),
    ("core", "/proc/kcore"),  # as in runc, only if the kernel has it
)
MASKED = (
    "/proc/acpi",
    "/proc/asound",
    "/proc/interrupts",
    "/proc/kcore",
    "/proc/keys",
    "/proc/latency_stats",
    "/proc/timer_list",
    "/proc/timer_stats",
    "/proc/sched_debug",
    "/proc/scsi",
    "/sys/firmware",
    "/sys/devices/virtual/powercap",
)
READ_ONLY = ("/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger")
GIVEN: dict[str, list[int]] = {}  # trees that somebody with more rights opened for us, by path


def mount(
    source: str | None, target: str, kind: str | None, flags: int, data: str = "", on: str = ""
) -> None:
    """mount(2); `on` is what an error message names, if not `target`."""
    libc.call(
        "mount",
        libc.text(source),
        libc.text(target),
        libc.text(kind),
        ctypes.c_ulong(flags),
        libc.text(data or None),
        on=on or target,
    )


def mount_at(place: int, kind: str, source: str, flags: int, data: str, name: str) -> None:
    """Mount a file system of its own onto the directory behind a descriptor, known as `name`."""
    mount(source, f"/proc/self/fd/{place}", kind, flags, data, on=name)


def unmount(path: str, flags: int = 0) -> None:
    """Detach what is mounted there; that nothing is, or that there is no such path, is no error."""
    try:
        libc.call("umount2", libc.text(path), DETACH | flags, on=path)
    except KernelRefused as refused:
        if refused.number not in (errno.EINVAL, errno.ENOENT):
            raise


def make_private() -> None:
    """From here on nothing that is mounted shows outside, nor the other way round."""
    mount(None, "/", None, REC | PRIVATE)


def ensure_directory(root: str, name: str) -> str:
    """`root/name` as a real directory: an image that puts a link there is refused."""
    path = f"{root}/{name}"
    try:
        mode = os.lstat(path).st_mode
    except FileNotFoundError:
        os.mkdir(path, 0o755)
        return path
    if not stat.S_ISDIR(mode):
        raise UsageError(f"the image's /{name} is not a directory; cannot mount on it")
    return path


def mount_proc(root: str) -> Iterator[Request]:
    """A /proc of the new PID namespace."""
    yield ensure_directory, root, "proc"
    yield mount, "proc", f"{root}/proc", "proc", NOSUID | NODEV | NOEXEC


def mount_sys(root: str, bound: bool) -> Iterator[Request]:
    """A read-only /sys that shows the new network namespace; `bound`: the one that is here."""
    yield ensure_directory, root, "sys"
    if bound:
        yield show, "/sys", f"{root}/sys"
    else:
        yield mount, "sysfs", f"{root}/sys", "sysfs", NOSUID | NODEV | NOEXEC | RDONLY


def mount_dev(root: str, rootless: bool, shm_bytes: int) -> Iterator[Request]:
    """A minimal /dev: the six usual devices, its own terminals, shared memory and queues."""
    dev = f"{root}/dev"
    yield ensure_directory, root, "dev"
    yield mount, "tmpfs", dev, "tmpfs", NOSUID, "mode=755,size=65536k"
    for name, major, minor in (*DEVICES, TTY):
        if rootless:
            yield bind_device, f"{dev}/{name}"
        else:
            yield make_device, f"{dev}/{name}", major, minor
    for name, points_to in LINKS:
        if name != "core" or os.path.exists(points_to):
            yield os.symlink, points_to, f"{dev}/{name}"
    for name in ("pts", "shm", "mqueue"):
        yield os.mkdir, f"{dev}/{name}"
    flags, tty_group = NOSUID | NOEXEC, "" if rootless else ",gid=5"
    options = f"newinstance,ptmxmode=0666,mode=620{tty_group}"
    yield mount, "devpts", f"{dev}/pts", "devpts", flags, options
    yield mount, "shm", f"{dev}/shm", "tmpfs", flags | NODEV, f"mode=1777,size={shm_bytes}"
    yield mount, "mqueue", f"{dev}/mqueue", "mqueue", flags | NODEV


def make_device(path: str, major: int, minor: int) -> None:
    """One device node that everybody may use."""
    os.mknod(path, stat.S_IFCHR | 0o666, os.makedev(major, minor))
    os.chmod(path, 0o666)


def bind_device(path: str) -> None:
    """The host's own node: without privilege none can be made."""
    os.close(os.open(path, os.O_CREAT | os.O_CLOEXEC, 0o666))
    mount(f"/dev/{os.path.basename(path)}", path, None, BIND)


def bind_host(root: str) -> None:
    """The host's own /proc, /sys and /dev: nothing is hidden."""
    for name in ("proc", "sys", "dev"):
        mount(f"/{name}", ensure_directory(root, name), None, BIND | REC)


def lay_over(source: str, target: str) -> None:
    """Let a file appear in the place of another."""
    mount(source, target, None, BIND)


def pivot_root(root: str) -> None:
    """Make `root` the root and detach the old one, so that no way leads back.

    Stacking the old root on the new one at "." needs no folder for it (pivot_root(2)).
    """
    os.chdir(root)
    libc.syscall("pivot_root", b".", b".", on=root)
    mount(None, ".", None, REC | SLAVE)  # detaching must not be heard on the host
    libc.call("umount2", b".", DETACH, on="the old root")
    os.chdir("/")


def cloned_tree(source: str, recursive: bool = True) -> int:
    """A descriptor of `source`, mounted nowhere yet, or of what was given to us in its place.

    `recursive`: with all that is mounted below. open_tree(2), Linux 5.2.
    """
    if GIVEN.get(source):
        return GIVEN[source].pop()
    flags = OPEN_TREE_CLONE | os.O_CLOEXEC | (RECURSIVE if recursive else 0)
    return libc.syscall("open_tree", HERE, libc.text(source), flags, on=source)


def uncover() -> None:
    """Take /proc, /sys and /dev away: what is seen then is the image's own, as a rule nothing."""
    for path in ("/proc", "/sys", "/dev"):
        unmount(path, NOFOLLOW)


def given() -> list[int]:
    """The trees that were given to us and are not mounted yet."""
    return [tree for trees in GIVEN.values() for tree in trees]


def set_attributes(fd: int, change: tuple[int, int], recursive: bool, name: str) -> None:
    """Set and clear attributes of the mount behind a descriptor, or of all below it, too.

    mount_setattr(2), Linux 5.12; `change` are the bits to set and to clear, MOUNT_ATTR_*.
    """
    if change == (0, 0):
        return
    how = struct.pack("QQQQ", *change, 0, 0)
    flags = EMPTY_PATH | (RECURSIVE if recursive else 0)
    libc.syscall("mount_setattr", fd, b"", flags, how, len(how), on=name)


def make_read_only(fd: int, name: str, recursive: bool) -> None:
    """The mount behind a descriptor; `recursive`: the whole tree, as Docker has it."""
    set_attributes(fd, (MOUNT_ATTR_RDONLY, 0), recursive, name)


def put_tree(tree: int, place: int, name: str) -> None:
    """Mount the tree onto the directory or file behind `place`: no path is looked up again."""
    flags = MOVE_FROM_DESCRIPTOR | MOVE_TO_DESCRIPTOR
    libc.syscall("move_mount", tree, b"", place, b"", flags, on=name)


def make_root_read_only() -> None:
    """The root's own mount alone: /dev, /proc and what is mounted on it stay as they are."""
    mount(None, "/", None, BIND | REMOUNT | RDONLY)


def masked(processors: str = "/sys/devices/system/cpu") -> list[str]:
    """Docker's list: MASKED, and how often each processor was too hot, where the kernel tells it.

    Source: moby, `daemon/pkg/oci/defaults.go`; its advisory GHSA-6fw5-f8r9-fgfm.
    """
    names = os.listdir(processors) if os.path.isdir(processors) else ()
    paths = [f"{processors}/{name}/thermal_throttle" for name in sorted(names)]
    return [*MASKED, *(path for path in paths if os.path.isdir(path))]


def mask_paths() -> Iterator[Request]:
    """Hide what tells of the host, and make its switches read-only; not every kernel has all."""
    yield cover, *masked()
    yield from ((freeze, path) for path in READ_ONLY)


def freeze(path: str) -> None:
    """Let nobody write to `path` or below it any more, if it is there."""
    if try_mount(path, path, None, BIND | REC) == 0:
        mount(None, path, None, BIND | REMOUNT | RDONLY | NOSUID | NODEV | NOEXEC)


def cover(*paths: str) -> None:
    """Put nothing over each that is there: /dev/null over a file, an empty folder over a folder."""
    with descriptors.null_node() as null:
        for path in paths:
            if try_mount(null, path, None, BIND) == errno.ENOTDIR:
                mount("tmpfs", path, "tmpfs", RDONLY, "size=0")


def try_mount(source: str, path: str, kind: str | None, flags: int) -> int:
    """The same; that `path` is not there, or is a folder and no file, is the answer's number."""
    words = libc.text(source), libc.text(path), libc.text(kind), ctypes.c_ulong(flags), None
    return libc.attempt("mount", *words, on=path, fine=(errno.ENOENT, errno.ENOTDIR))


def show(source: str, target: str) -> None:
    """A file or directory of this machine, with what is mounted below it, read-only."""
    tree = cloned_tree(source)
    place = os.open(target, os.O_PATH | os.O_CLOEXEC)
    try:
        make_read_only(tree, source, recursive=True)
        put_tree(tree, place, target)
    finally:
        os.close(place)
        os.close(tree)
