"""New namespaces and what belongs to them: clone3(2), id maps, host name (namespaces(7))."""

from __future__ import annotations

import ctypes
import errno
import os
import signal
from collections.abc import Iterator, Sequence

from realrun.errors import KernelRefused
from realrun.linux import libc, ownmemory
from realrun.linux.calls import Call, carry_out

# include/uapi/linux/sched.h, by the names of `ls /proc/self/ns`
FLAGS = {
    "time": 0x00000080,
    "mnt": 0x00020000,
    "cgroup": 0x02000000,
    "uts": 0x04000000,
    "ipc": 0x08000000,
    "user": 0x10000000,
    "pid": 0x20000000,
    "net": 0x40000000,
}
CLONE_PARENT = 0x00008000


class CloneArgs(ctypes.Structure):
    """`struct clone_args` of clone3(2), version 0 (64 bytes)."""

    _fields_ = [
        (name, ctypes.c_uint64)
        for name in ("flags", "pidfd", "child_tid", "parent_tid")
        + ("exit_signal", "stack", "stack_size", "tls")
    ]


def clone(namespaces: Sequence[str], sibling: bool = False) -> int:
    """Like fork(2), but the child lives in new `namespaces`. Returns 0 in the child.

    A `sibling` is a child of our parent, which then hears of its end. Only for single-threaded
    callers: a raw clone3(2) runs no fork handlers, so a lock held by another thread would stay
    locked in the child for ever.
    """
    # A sibling inherits what its parent is told: clone3(2) refuses to be asked for another signal.
    args = CloneArgs(flags=flags(namespaces), exit_signal=signal.SIGCHLD)
    if sibling:
        args = CloneArgs(flags=flags(namespaces) | CLONE_PARENT)
    ownmemory.lend()
    try:
        pid = libc.syscall("clone3", ctypes.byref(args), ctypes.sizeof(args), on=words(namespaces))
    except KernelRefused:
        ownmemory.again()
        raise
    if pid:
        ownmemory.again()
    return pid


def flags(namespaces: Sequence[str]) -> int:
    """The flags of new namespaces for clone3(2)."""
    return sum(FLAGS[name] for name in namespaces)


def words(namespaces: Sequence[str]) -> str:
    """What an error calls them."""
    return "+".join(namespaces) or "no new namespace"


def unshare(namespace: str) -> Iterator[Call]:
    """Move the calling process into a new namespace of one kind (unshare(2))."""
    yield Call("unshare", (FLAGS[namespace],), namespace)


def foreign(pid: int) -> list[str]:
    """The kinds of namespace in which process `pid` lives apart from us."""
    return [
        name
        for name in FLAGS
        if os.stat(f"/proc/{pid}/ns/{name}").st_ino != os.stat(f"/proc/self/ns/{name}").st_ino
    ]


def join(pidfd: int, namespaces: list[str]) -> None:
    """Move the calling process into `namespaces` of the process behind `pidfd` (setns(2)).

    All at once, as the kernel's order is the right one: the user namespace gives the right to
    enter the others. A PID namespace takes in only children born from now on.
    """
    if namespaces:
        libc.call("setns", pidfd, flags(namespaces), on=words(namespaces))


def join_paths(paths: list[tuple[str, str]]) -> None:
    """Move the calling process into namespaces given as (kind, path); a wrong kind is EINVAL.

    The user namespace goes last, for the host's others can be entered with the host's rights only;
    what belongs to the user namespace itself can be entered with its rights only, and follows it.
    """
    opened = [(name, path, os.open(path, os.O_RDONLY | os.O_CLOEXEC)) for name, path in paths]
    late = []
    for name, path, fd in sorted(opened, key=lambda one: one[0] == "user"):
        try:
            libc.call("setns", fd, FLAGS[name], on=f"{name} namespace {path}")
        except KernelRefused as refused:
            if refused.number != errno.EPERM or "user" not in dict(paths):
                raise
            late.append((name, path, fd))
    for name, path, fd in late:
        libc.call("setns", fd, FLAGS[name], on=f"{name} namespace {path}")
    for _, _, fd in opened:
        os.close(fd)


def map_to_root(uid: int, gid: int) -> None:
    """Become root of the new user namespace: our one id outside is 0 inside.

    `setgroups` must be denied first, or the kernel refuses the group map
    (user_namespaces(7)).
    """
    for name, line in (("setgroups", "deny"), ("uid_map", f"0 {uid} 1"), ("gid_map", f"0 {gid} 1")):
        with open(f"/proc/self/{name}", "w", encoding="utf-8") as file:
            file.write(line)


def shift_clocks(offsets: dict[str, dict[str, int]]) -> None:
    """A time namespace for our children, its clocks ahead of this machine's by `offsets`: of
    "monotonic" and "boottime", `secs` and `nanosecs` (time_namespaces(7), Linux 5.6)."""
    carry_out(unshare("time"))
    lines = [f"{clock} {one.get('secs', 0)} {one.get('nanosecs', 0)}\n"
             for clock, one in offsets.items()]  # fmt: skip
    with open("/proc/self/timens_offsets", "w", encoding="utf-8") as file:
        file.write("".join(lines))


def set_hostname(name: str) -> Iterator[Call]:
    """Name the UTS namespace."""
    yield Call("sethostname", (name, len(os.fsencode(name))), name)


def set_domainname(name: str) -> Iterator[Call]:
    """Name its NIS domain (setdomainname(2))."""
    yield Call("setdomainname", (name, len(os.fsencode(name))), name)
