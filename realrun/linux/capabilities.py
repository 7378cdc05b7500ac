"""What root may still do inside: Docker's default capabilities, in all five sets.

Source: capabilities(7); the list is Docker's `DefaultCapabilities`.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator, Sequence

from realrun.errors import UsageError
from realrun.linux import calls, libc
from realrun.linux.calls import Call

NAMES = (
    "CHOWN DAC_OVERRIDE DAC_READ_SEARCH FOWNER FSETID KILL SETGID SETUID SETPCAP LINUX_IMMUTABLE "
    "NET_BIND_SERVICE NET_BROADCAST NET_ADMIN NET_RAW IPC_LOCK IPC_OWNER SYS_MODULE SYS_RAWIO "
    "SYS_CHROOT SYS_PTRACE SYS_PACCT SYS_ADMIN SYS_BOOT SYS_NICE SYS_RESOURCE SYS_TIME "
    "SYS_TTY_CONFIG MKNOD LEASE AUDIT_WRITE AUDIT_CONTROL SETFCAP MAC_OVERRIDE MAC_ADMIN SYSLOG "
    "WAKE_ALARM BLOCK_SUSPEND AUDIT_READ PERFMON BPF CHECKPOINT_RESTORE"
).split()
DOCKER_DEFAULT = (
    "CHOWN DAC_OVERRIDE FSETID FOWNER MKNOD NET_RAW SETGID SETUID SETFCAP SETPCAP "
    "NET_BIND_SERVICE SYS_CHROOT KILL AUDIT_WRITE"
).split()

VERSION_3 = 0x20080522
PR_CAPBSET_READ, PR_CAPBSET_DROP = 23, 24
PR_SET_KEEPCAPS = 8
PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, PR_CAP_AMBIENT_RAISE = 47, 4, 2


def chosen(add: Sequence[str], drop: Sequence[str]) -> tuple[str, ...]:
    """Docker's default after `--cap-drop` and `--cap-add`; what is in both is added.

    With ALL among the added: everything but what is dropped. With ALL among the dropped: the added
    alone. Raises UsageError for names that do not exist. Source: moby, `oci/caps/utils.go`.

    >>> chosen(["cap_sys_time"], ["ALL"])
    ('SYS_TIME',)
    """
    adds, drops = [[known(word) for word in words] for words in (add, drop)]
    if "ALL" in adds:
        return tuple(name for name in possible() if name not in drops)
    if "ALL" in drops:
        return tuple(dict.fromkeys(adds))
    kept = [name for name in DOCKER_DEFAULT if name not in drops]
    return tuple(dict.fromkeys([*kept, *adds]))


def known(word: str) -> str:
    """A capability's name without CAP_, or ALL, whatever the case of its letters."""
    name = word.upper().removeprefix("CAP_")
    if word.upper() != "ALL" and name not in NAMES:
        listed = ", ".join(sorted(NAMES))
        raise UsageError(f"{word!r} is no capability; there are ALL, {listed}")
    return name


def possible() -> list[str]:
    """All that the kernel has and we may give: root what it has itself, a user namespace all."""
    least = int(os.geteuid() == 0)
    return [n for place, n in enumerate(NAMES) if libc.prctl(PR_CAPBSET_READ, place) >= least]


def mask(names: Sequence[str]) -> int:
    """The bit mask of capabilities given by name without `CAP_`.

    >>> mask(["CHOWN", "DAC_READ_SEARCH"])
    5
    """
    return sum(1 << NAMES.index(name) for name in names)


def drop_bounding(keep: int) -> Iterator[Call]:
    """Take all but `keep` out of the bounding set, up to the last one this kernel knows."""
    for number in range(64):
        if libc.prctl(PR_CAPBSET_READ, number) < 0:
            return
        if not keep >> number & 1:
            yield calls.prctl(PR_CAPBSET_DROP, number, on=f"bounding capability {number}")


def set_all(permitted: int) -> Iterator[Call]:
    """Permitted and effective become `permitted`; inheritable and ambient become empty."""
    yield from set_each(permitted, permitted, 0, 0)


def keep_across_users() -> Iterator[Call]:
    """Let the next change of user leave the permitted set alone (PR_SET_KEEPCAPS)."""
    yield calls.prctl(PR_SET_KEEPCAPS, 1, on="keep capabilities")


def set_each(effective: int, permitted: int, inheritable: int, ambient: int) -> Iterator[Call]:
    """All sets but the bounding one, which has its own way (`drop_bounding`)."""
    sets = effective, permitted, inheritable
    halves = [one & 0xFFFFFFFF for one in sets] + [one >> 32 for one in sets]
    header, data = struct.pack("<Ii", VERSION_3, 0), struct.pack("<6I", *halves)
    yield Call("capset", (header, data), "capability sets")
    yield calls.prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, on="ambient set")
    for number in range(64):
        if ambient >> number & 1:
            on = f"ambient capability {number}"
            yield calls.prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, number, on=on)
