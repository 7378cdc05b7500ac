"""The filter that a container gets by default: what it has no business asking for is refused.

A small list, after the calls that Docker's default profile refuses. Most of them it gates behind
capabilities that its containers do not have by default: who has the capability may call, and the
kernel asks for it itself. Everything else is allowed; the refused get EPERM.

Source: Docker's documentation, "Seccomp security profiles for Docker"; moby,
`profiles/seccomp/default.json`.
"""

from __future__ import annotations

import errno
from collections.abc import Sequence
from functools import cache
from typing import Any

from realrun.linux import seccomp
from realrun.linux.namespaces import FLAGS

# Capabilities, any of which is enough, and what they allow; what none allows comes first.
REFUSED = {
    "": "add_key kexec_file_load kexec_load keyctl pivot_root request_key swapoff swapon "
    "userfaultfd",
    "BPF SYS_ADMIN": "bpf",
    "DAC_READ_SEARCH": "open_by_handle_at",
    "PERFMON SYS_ADMIN": "perf_event_open",
    "SYSLOG SYS_ADMIN": "syslog",
    "SYS_ADMIN": "fsconfig fsmount fsopen fspick lookup_dcookie mount mount_setattr move_mount "
    "open_tree quotactl setdomainname sethostname setns umount2 unshare",
    "SYS_BOOT": "reboot",
    "SYS_MODULE": "delete_module finit_module init_module",
    "SYS_PACCT": "acct",
    "SYS_TIME": "clock_adjtime clock_settime settimeofday",
    "SYS_TTY_CONFIG": "vhangup",
}
ERRNO = "SCMP_ACT_ERRNO"


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
    flags = [flag for name, flag in FLAGS.items() if name != "time"]
    seen = [{"index": 0, "value": flag, "valueTwo": flag, "op": seccomp.MASKED} for flag in flags]
    return [
        {"names": ["clone3"], "action": ERRNO, "errnoRet": errno.ENOSYS},
        *({"names": ["clone"], "action": ERRNO, "args": [one]} for one in seen),
    ]


def profile(kept: Sequence[str] = ()) -> dict[str, Any]:
    """The profile for those who have `kept`, as the OCI runtime specification writes it.

    With CAP_SYS_ADMIN, which new namespaces take, they can be made.
    """
    rules = [{"names": refused(kept), "action": ERRNO}]
    more = [] if "SYS_ADMIN" in kept else no_namespaces()
    return {"defaultAction": "SCMP_ACT_ALLOW", "syscalls": rules + more}


@cache
def program(machine: str, kept: tuple[str, ...] = ()) -> bytes:
    """The same, compiled for `machine`: once for all containers of this process."""
    return seccomp.compiled(profile(kept), machine)
