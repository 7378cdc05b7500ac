"""The file system that a container sees: /proc, /sys, /dev, and the change of root.

Sources: mount(2), pivot_root(2), the default file systems and devices of the OCI runtime
specification (`config-linux.md`), and the paths that Docker masks (`oci/defaults.go`).
"""

from __future__ import annotations

import ctypes
import errno
import os
from collections.abc import Iterator, Sequence

from realrun.errors import KernelRefused
from realrun.linux import calls, descriptors, libc, trees
from realrun.linux.calls import Call, Request, carry_out

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


def make_private() -> Iterator[Call]:
    """From here on nothing that is mounted shows outside, nor the other way round."""
    yield calls.mount(None, "/", None, REC | PRIVATE)


def ensure_directory(path: str) -> Iterator[Call]:
    """`path` as a real directory: an image that puts a link there is refused."""
    only = os.O_PATH | os.O_DIRECTORY | os.O_NOFOLLOW
    yield calls.mkdir(path, exist_ok=True)
    yield calls.open_as(0, path, only, on=f"{path} to mount on")
    yield calls.close(0)


def mount_proc(root: str) -> Iterator[Call]:
    """A /proc of the new PID namespace."""
    yield from ensure_directory(f"{root}/proc")
    yield calls.mount("proc", f"{root}/proc", "proc", NOSUID | NODEV | NOEXEC)


def mount_sys(root: str, bound: bool) -> Iterator[Request]:
    """A read-only /sys that shows the new network namespace; `bound`: the one that is here."""
    yield from ensure_directory(f"{root}/sys")
    if bound:
        yield trees.show, "/sys", f"{root}/sys"
    else:
        yield calls.mount("sysfs", f"{root}/sys", "sysfs", NOSUID | NODEV | NOEXEC | RDONLY)


def mount_dev(
    root: str, rootless: bool, shm_bytes: int, nulls: Sequence[int] = ()
) -> Iterator[Request]:
    """A minimal /dev: the six usual devices, its own terminals, shared memory and queues.

    `nulls` are descriptors of the host's null device, whose mode and owner could be changed through
    them: they become the one that is made here.
    """
    dev = f"{root}/dev"
    yield from ensure_directory(dev)
    yield calls.mount("tmpfs", dev, "tmpfs", NOSUID, "mode=755,size=65536k")
    yield calls.umask(0)
    for name, major, minor in (*DEVICES, TTY):
        if rootless:
            yield bind_device, f"{dev}/{name}"
        else:
            yield calls.device(f"{dev}/{name}", 0o666, major, minor)
    for name, points_to in LINKS:
        if name != "core" or os.path.exists(points_to):
            yield calls.symlink(points_to, f"{dev}/{name}")
    for name in ("pts", "shm", "mqueue"):
        yield calls.mkdir(f"{dev}/{name}")
    yield calls.umask(0o022)
    flags, tty_group = NOSUID | NOEXEC, "" if rootless else ",gid=5"
    options = f"newinstance,ptmxmode=0666,mode=620{tty_group}"
    yield calls.mount("devpts", f"{dev}/pts", "devpts", flags, options)
    yield calls.mount("shm", f"{dev}/shm", "tmpfs", flags | NODEV, f"mode=1777,size={shm_bytes}")
    yield calls.mount("mqueue", f"{dev}/mqueue", "mqueue", flags | NODEV)
    if nulls and not rootless:
        yield calls.open_as(0, f"{dev}/null", os.O_RDWR)
        yield from (Call("dup3", (calls.Saved(0), fd, 0), "/dev/null") for fd in nulls)
        yield calls.close(0)


def bind_device(path: str) -> None:
    """The host's own node: without privilege none can be made."""
    os.close(os.open(path, os.O_CREAT | os.O_CLOEXEC, 0o666))
    mount(f"/dev/{os.path.basename(path)}", path, None, BIND)


def bind_host(root: str) -> Iterator[Call]:
    """The host's own /proc, /sys and /dev: nothing is hidden."""
    for name in ("proc", "sys", "dev"):
        yield from ensure_directory(f"{root}/{name}")
        yield calls.mount(f"/{name}", f"{root}/{name}", None, BIND | REC)


def lay_over(source: str, target: str) -> None:
    """Let a file appear in the place of another."""
    mount(source, target, None, BIND)


def pivot_root(root: str) -> Iterator[Call]:
    """Make `root` the root and detach the old one, so that no way leads back.

    Stacking the old root on the new one at "." needs no folder for it (pivot_root(2)).
    """
    yield calls.chdir(root)
    yield Call("pivot_root", (".", "."), root)
    yield calls.mount(None, ".", None, REC | SLAVE)  # detaching must not be heard on the host
    yield Call("umount2", (".", DETACH), "the old root")
    yield calls.chdir("/")


def uncover() -> None:
    """Take /proc, /sys and /dev away: what is seen then is the image's own, as a rule nothing."""
    for path in ("/proc", "/sys", "/dev"):
        unmount(path, NOFOLLOW)


def make_root_read_only() -> Iterator[Call]:
    """The root's own mount alone: /dev, /proc and what is mounted on it stay as they are."""
    yield calls.mount(None, "/", None, BIND | REMOUNT | RDONLY)


def masked(processors: str = "/sys/devices/system/cpu") -> list[str]:
    """Docker's list: MASKED, and how often each processor was too hot, where the kernel tells it.

    Source: moby, `daemon/pkg/oci/defaults.go`; its advisory GHSA-6fw5-f8r9-fgfm.
    """
    names = os.listdir(processors) if os.path.isdir(processors) else ()
    paths = [f"{processors}/{name}/thermal_throttle" for name in sorted(names)]
    return [*MASKED, *(path for path in paths if os.path.isdir(path))]


def mask_paths(trusted: bool) -> Iterator[Request]:
    """Hide what tells of the host, and make its switches read-only; not every kernel has all.

    `trusted`: nothing but the engine has put anything into /dev.
    """
    if trusted:
        yield from nothing_over(masked(), "/dev/null")
    else:
        yield cover, *masked()
    for path in READ_ONLY:
        yield calls.mount(path, path, None, BIND | REC, fine=(errno.ENOENT,), skip=1)
        yield calls.mount(None, path, None, BIND | REMOUNT | RDONLY | NOSUID | NODEV | NOEXEC)


def nothing_over(paths: Sequence[str], null: str) -> Iterator[Call]:
    """Put nothing over each that is there: /dev/null over a file, an empty folder over a folder.

    What is a folder is looked up here: /proc and /sys have the same ones inside.
    """
    for path in paths:
        if os.path.isdir(path):
            yield calls.mount("tmpfs", path, "tmpfs", RDONLY, "size=0", fine=(errno.ENOENT,))
        else:
            yield calls.mount(null, path, None, BIND, fine=(errno.ENOENT,))


def cover(*paths: str) -> None:
    """The same at once, by a null device that has been looked at."""
    with descriptors.null_node() as null:
        carry_out(nothing_over(paths, null))
