"""Ways out of the root: leaked descriptors, directories, mounts, namespaces."""

from __future__ import annotations

import ctypes
import errno
import os
import stat

from tests.security.inside.calls import (
    HERE,
    HOST_DEV,
    MARK,
    NEW,
    OURS,
    attack,
    first_that_opens,
    of_host,
    syscall,
)


@attack
def leaked_descriptor() -> str:
    """Anything above 2, or below it what is a file or a directory."""
    for name in os.listdir("/proc/self/fd"):
        try:
            status = os.fstat(int(name))
        except OSError:
            continue  # the listing's own
        if int(name) in OURS:
            continue
        if int(name) > 2 or stat.S_ISREG(status.st_mode) or stat.S_ISDIR(status.st_mode):
            return f"{name} is {os.readlink(f'/proc/self/fd/{name}')}"
    raise OSError(errno.EBADF, "nothing but 0 to 2")


@attack
def the_hosts_dev_null() -> str:
    """By a descriptor that is the host's node, its mode could be changed for everybody."""
    for fd in range(3):
        status = os.fstat(fd)
        if stat.S_ISCHR(status.st_mode) and status.st_dev == HOST_DEV:
            os.fchmod(fd, stat.S_IMODE(status.st_mode))
            return f"{fd} is the host's node, and its mode could be set"
    raise OSError(errno.EBADF, "no descriptor is")


@attack
def root_of_another_process() -> str:
    """The host's files through /proc/PID/root of any that is in sight."""
    for pid in filter(str.isdigit, os.listdir("/proc")):
        if os.path.exists(f"/proc/{pid}/root/{MARK}"):
            return "saw the host's file"
    raise OSError(errno.ENOENT, "it is our own root")


@attack
def double_chroot() -> str:
    """A directory from before the second chroot(2), and `..` from there (CAP_SYS_CHROOT)."""
    os.makedirs("/tmp/inner", exist_ok=True)
    before = os.open("/", os.O_RDONLY)
    os.chroot("/tmp/inner")
    os.fchdir(before)
    for _ in range(64):
        os.chdir("..")
    os.chroot(".")
    if os.path.exists(MARK):
        return "stood in the host's root"
    raise OSError(errno.ENOENT, "it ends at our own root")


@attack
def open_by_handle() -> str:
    """A file by its inode alone (the "shocker"): /etc/hosts lies on a disk of the host."""
    handle = ctypes.create_string_buffer(8 + 128)
    ctypes.memmove(handle, (128).to_bytes(4, "little"), 4)
    mount = ctypes.c_int()
    syscall("name_to_handle_at", HERE, b"/etc/hosts", handle, ctypes.byref(mount), 0)
    fd = os.open("/etc/hosts", os.O_RDONLY)
    return f"opened descriptor {syscall('open_by_handle_at', fd, handle, os.O_RDONLY)}"


@attack
def mount_() -> str:
    """In a mount namespace of our own, if that can be had, so that the host keeps its own."""
    syscall("unshare", NEW["mnt"])
    return f"mounted: {syscall('mount', b'x', b'/tmp', b'tmpfs', 0, None)}"


@attack
def remount_sys_to_write() -> str:
    """/sys read-write is the way to uevent_helper and others."""
    return f"done: {syscall('mount', None, b'/sys', None, 32 | 4096, None)}"


@attack
def uncover_what_is_mounted_last() -> str:
    """In a container that is a mask over something of /proc; lazily (umount2(2), MNT_DETACH)."""
    with open("/proc/self/mountinfo", encoding="utf-8") as file:
        point = file.read().splitlines()[-1].split()[4]
    return f"{point}: {syscall('umount2', point.encode(), 2)}"


@attack
def mount_by_fsopen() -> str:
    """The newer interface, whose first step overflowed a buffer."""
    return f"context {syscall('fsopen', b'cgroup2', 0)}"


@attack
def clone_a_mount() -> str:
    """open_tree(2) with OPEN_TREE_CLONE."""
    return f"tree {syscall('open_tree', HERE, b'/', 1)}"


@attack
def new_user_namespace() -> str:
    """All rights inside of it: the first step of many."""
    return f"done: {syscall('unshare', NEW['user'])}"


@attack
def new_namespaces() -> str:
    """Any of the others."""
    for name in ("mnt", "uts", "ipc", "pid", "net", "cgroup"):
        try:
            syscall("unshare", NEW[name])
        except OSError as error:
            refusal = error
        else:
            return f"a new {name}"
    raise refusal


@attack
def namespaces_of_another_process() -> str:
    """setns(2): where nothing is hidden with the host's, else with our own."""
    try:
        pid = of_host()
    except ProcessLookupError:
        pid = 1
    fd = os.open(f"/proc/{pid}/ns/uts", os.O_RDONLY)
    return f"done: {syscall('setns', fd, NEW['uts'])}"


@attack
def release_agent() -> str:
    """A program that the host's kernel starts when a control group of version 1 is empty."""
    syscall("unshare", NEW["mnt"])
    return f"mounted: {syscall('mount', b'x', b'/tmp', b'cgroup', 0, b'cpuset')}"


@attack
def release_agent_file() -> str:
    """The same where the groups are in sight."""
    found = [
        f"{folder}/release_agent"
        for folder, _, names in os.walk("/sys/fs/cgroup")
        if "release_agent" in names
    ]
    return first_that_opens(found)
