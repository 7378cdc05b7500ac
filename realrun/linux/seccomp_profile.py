"""The filter that a container gets by default: Docker's default profile, told by what it refuses.

Whatever `syscalls` knows and nobody refuses is allowed; the refused get EPERM, calls newer than all
of these ENOSYS. Most of the refused are gated behind capabilities that containers do not have by
default: who has the capability may call, and the kernel asks for it itself.

Source: Docker's documentation, "Seccomp security profiles for Docker"; moby/profiles,
`seccomp/default.json`, May 2026.
"""

from __future__ import annotations

import errno
from collections.abc import Sequence
from functools import cache
from typing import Any

from realrun.linux import seccomp
from realrun.linux.namespaces import FLAGS
from realrun.linux.syscalls import numbers

# Capabilities, any of which is enough, and what they allow; what none allows comes first.
REFUSED = {
    "": "_sysctl add_key afs_syscall create_module get_kernel_syms getpmsg io_uring_enter "
    "io_uring_register io_uring_setup kexec_file_load kexec_load keyctl migrate_pages move_pages "
    "nfsservctl open_tree_attr pivot_root putpmsg query_module request_key security swapoff swapon "
    "sysfs tuxcall uselib userfaultfd ustat vserver",
    "BPF SYS_ADMIN": "bpf",
    "DAC_READ_SEARCH": "open_by_handle_at",
    "PERFMON SYS_ADMIN": "perf_event_open",
    "SYSLOG SYS_ADMIN": "syslog",
    "SYS_ADMIN": "fanotify_init fsconfig fsmount fsopen fspick lookup_dcookie lsm_get_self_attr "
    "lsm_list_modules lsm_set_self_attr mount mount_setattr move_mount open_tree quotactl "
    "quotactl_fd setdomainname sethostname setns umount2 unshare",
    "SYS_BOOT": "reboot",
    "SYS_CHROOT": "chroot",
    "SYS_MODULE": "delete_module finit_module init_module",
    "SYS_NICE": "get_mempolicy mbind set_mempolicy set_mempolicy_home_node",
    "SYS_PACCT": "acct",
    "SYS_PTRACE": "kcmp pidfd_getfd process_madvise",
    "SYS_RAWIO": "ioperm iopl",
    "SYS_TIME": "clock_settime settimeofday",
    "SYS_TTY_CONFIG": "vhangup",
}
AF_ALG, AF_VSOCK = 38, 40  # sockets of these two families are refused (socket(2))
# PER_LINUX, PER_LINUX32, both with UNAME26, and the question for the present one (personality(2)).
PERSONALITIES = (0, 0x8, 0x20000, 0x20008, 0xFFFFFFFF)
ALLOW, ERRNO = "SCMP_ACT_ALLOW", "SCMP_ACT_ERRNO"
BY_ARGUMENTS = ("clone", "clone3", "personality", "socket")


def refused(kept: Sequence[str] = ()) -> list[str]:
    """What is refused to those who have the capabilities `kept`."""
    rows = [names for enough, names in REFUSED.items() if not set(enough.split()) & set(kept)]
    return " ".join(rows).split()


def no_namespaces() -> list[dict[str, Any]]:
    """Rules that let clone(2) make processes and threads only.

    clone3(2) hides its flags behind a pointer that a filter cannot read, so it answers ENOSYS
    and the C library falls back to clone(2), whose flags can be seen. CLONE_NEWTIME is not among
    them: there its bit belongs to the signal at the child's end.
    """
    flags = sum(flag for name, flag in FLAGS.items() if name != "time")
    none = {"index": 0, "value": flags, "valueTwo": 0, "op": seccomp.MASKED}
    return [
        {"names": ["clone"], "action": ALLOW, "args": [none]},
        {"names": ["clone3"], "action": ERRNO, "errnoRet": errno.ENOSYS},
    ]


def some(name: str, operator: str, *values: int) -> list[dict[str, Any]]:
    """Rules that allow a call if its first argument compares so with any of the values."""
    return [
        {"names": [name], "action": ALLOW,
         "args": [{"index": 0, "value": value, "op": f"SCMP_CMP_{operator}"}]}
        for value in values
    ]  # fmt: skip


def profile(machine: str, kept: Sequence[str] = ()) -> dict[str, Any]:
    """The profile for those who have `kept`, as the OCI runtime specification writes it.

    With CAP_SYS_ADMIN, which new namespaces take, they can be made.
    """
    allowed = numbers(machine).keys() - {*refused(kept), *BY_ARGUMENTS}
    rules = [
        {"names": allowed, "action": ALLOW},
        *some("socket", "LT", AF_ALG),
        *some("socket", "EQ", AF_ALG + 1),
        *some("socket", "GT", AF_VSOCK),
        *some("personality", "EQ", *PERSONALITIES),
    ]
    either = [{"names": ["clone", "clone3"], "action": ALLOW}]
    more = either if "SYS_ADMIN" in kept else no_namespaces()
    return {"defaultAction": ERRNO, "syscalls": rules + more}


@cache
def program(machine: str, kept: tuple[str, ...] = ()) -> bytes:
    """The same, compiled for `machine`: once for all containers of this process."""
    return seccomp.compiled(profile(machine, kept), machine)
