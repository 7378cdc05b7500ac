"""New namespaces and what belongs to them: clone3(2), id maps, host name (namespaces(7))."""

from __future__ import annotations

import ctypes
import os
import signal

from realrun.linux import libc

# include/uapi/linux/sched.h, by the names of `ls /proc/self/ns`
FLAGS = {
    "mnt": 0x00020000,
    "cgroup": 0x02000000,
    "uts": 0x04000000,
    "ipc": 0x08000000,
    "user": 0x10000000,
    "pid": 0x20000000,
    "net": 0x40000000,
}


class CloneArgs(ctypes.Structure):
    """`struct clone_args` of clone3(2), version 0 (64 bytes)."""

    _fields_ = [
        (name, ctypes.c_uint64)
        for name in ("flags", "pidfd", "child_tid", "parent_tid")
        + ("exit_signal", "stack", "stack_size", "tls")
    ]


def clone(namespaces: list[str]) -> int:
    """Like fork(2), but the child lives in new `namespaces`. Returns 0 in the child.

    Only for single-threaded callers: a raw clone3(2) runs no fork handlers, so a lock
    held by another thread would stay locked in the child for ever.
    """
    flags = 0
    for name in namespaces:
        flags |= FLAGS[name]
    args = CloneArgs(flags=flags, exit_signal=signal.SIGCHLD)
    on = "+".join(namespaces) or "no new namespace"
    return libc.syscall("clone3", ctypes.byref(args), ctypes.sizeof(args), on=on)


def unshare(namespace: str) -> None:
    """Move the calling process into a new namespace of one kind (unshare(2))."""
    libc.call("unshare", FLAGS[namespace], on=namespace)


def map_to_root(uid: int, gid: int) -> None:
    """Become root of the new user namespace: our one id outside is 0 inside.

    `setgroups` must be denied first, or the kernel refuses the group map
    (user_namespaces(7)).
    """
    for name, line in (("setgroups", "deny"), ("uid_map", f"0 {uid} 1"), ("gid_map", f"0 {gid} 1")):
        with open(f"/proc/self/{name}", "w", encoding="utf-8") as file:
            file.write(line)


def set_hostname(name: str) -> None:
    """Name the UTS namespace."""
    encoded = os.fsencode(name)
    libc.call("sethostname", encoded, len(encoded), on=name)
