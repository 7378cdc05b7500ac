"""One process and its kin: pidfds, parent's death, descriptors, processor time.

Sources: pidfd_open(2), prctl(2), close_range(2), keyctl(2), personality(2), proc(5).
"""

from __future__ import annotations

import ctypes
import errno
import os
import select
import signal
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from realrun.errors import KernelRefused
from realrun.linux import calls, libc
from realrun.linux.calls import Call, carry_out

HELD = {signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGALRM}
KCMP_VM = 1
ADDR_NO_RANDOMIZE = 0x0040000  # linux/personality.h
PR_SET_PDEATHSIG = 1
PR_SET_DUMPABLE = 4
PR_SET_NAME = 15
PR_SET_CHILD_SUBREAPER = 36
PR_SET_NO_NEW_PRIVS, PR_GET_NO_NEW_PRIVS = 38, 39
KEYCTL_JOIN_SESSION_KEYRING, KEYCTL_SETPERM = 1, 5
KEY_POS_ALL = 0x3F000000  # who holds it may do all, nobody else may even see it
NO_SIGNALS, DEFAULT = bytes(8), bytes(32)  # a mask, and a struct sigaction


# Get SIGKILL when the parent ends; a change of user or capabilities clears this.
DIE_WITH_PARENT = calls.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, on="parent death signal")
# Hold back no signal; by the kernel's own call, which a child has to copy less for.
HEAR_ALL = Call("rt_sigprocmask", (signal.SIG_SETMASK, NO_SIGNALS, None, 8), "signals")


def die_with_parent() -> None:
    """Do so at once."""
    carry_out([DIE_WITH_PARENT])


def outlive_parent() -> None:
    """Take back `die_with_parent`."""
    libc.call("prctl", PR_SET_PDEATHSIG, 0, 0, 0, 0, on="parent death signal")


def leave_keyring() -> Iterator[Call]:
    """Begin with an empty session keyring (keyctl(2)); a kernel without keys needs none.

    It has no name, by which others could join it, and is closed to others of the same user.
    """
    on, none = "session keyring", (errno.ENOSYS,)
    yield Call("keyctl", (KEYCTL_JOIN_SESSION_KEYRING, None), on, none, skip=1, save=0)
    yield Call("keyctl", (KEYCTL_SETPERM, calls.Saved(0), KEY_POS_ALL), on)


def give_up_new_privileges() -> Iterator[Call]:
    """From here on no execve(2) gives rights: setuid and file capabilities count for nothing."""
    yield calls.prctl(PR_SET_NO_NEW_PRIVS, 1, on="no new privileges")


def fix_addresses() -> None:
    """Let what is executed next lie at the same addresses each time (personality(2))."""
    libc.call("personality", ADDR_NO_RANDOMIZE)


def lead_session() -> Iterator[Call]:
    """Be the leader of a session of one's own (setsid(2)); whoever may not be is one already."""
    yield Call("setsid", (), fine=(errno.EPERM,))


def may_not_gain() -> bool:
    """Has somebody given up new privileges for us."""
    return libc.prctl(PR_GET_NO_NEW_PRIVS) == 1


def hide_memory() -> None:
    """Let nobody of the same user look into us or trace us, until exec(2) (PR_SET_DUMPABLE)."""
    libc.call("prctl", PR_SET_DUMPABLE, 0, 0, 0, 0, on="dumpable")


def show_name(name: bytes = b"realrun") -> None:
    """The name of this process in `ps` and `top`, 15 bytes at most (PR_SET_NAME).

    One that was executed by its descriptor would be called by that number.
    """
    libc.call("prctl", PR_SET_NAME, name, 0, 0, 0, on="name")


def show_command_line(line: bytes) -> None:
    """What `ps` shows in place of the words that we were started with; cut to their length.

    The kernel reads them from our memory: `arg_start` and `arg_end` of proc(5), `stat`.
    """
    with open("/proc/self/stat", "rb") as file:
        fields = file.read().rpartition(b")")[2].split()
    start, end = int(fields[45]), int(fields[46])
    shown = line[: end - start - 1]
    ctypes.memset(start, 0, end - start)
    ctypes.memmove(start, shown, len(shown))


def is_read(fd: int) -> bool:
    """Does anybody hold the other end of this pipe."""
    poll = select.poll()
    poll.register(fd, 0)
    return not poll.poll(0)


def adopt_orphans() -> None:
    """Become the parent of our descendants' orphans, in place of the machine's first process."""
    libc.call("prctl", PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0, on="subreaper")


@contextmanager
def signals_held() -> Iterator[None]:
    """Hear of Ctrl-C and the like when the block is over: what it does is done whole.

    What arrived just before is raised on the way in (pthread_sigmask(3) asks for it).
    """
    old = signal.pthread_sigmask(signal.SIG_BLOCK, HELD)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, old)


def hear_signals(numbers: Iterable[int]) -> Iterator[Call]:
    """Take back that signals are ignored, also of those that the C library keeps to itself.

    sigaction(3) refuses 32 and 33 (nptl(7)); the kernel's own structure is handler, flags,
    restorer and mask, all zero for the default.
    """
    for number in numbers:
        yield Call("rt_sigaction", (number, DEFAULT, None, 8), f"signal {number}")


def pidfd(pid: int) -> int:
    """A descriptor of process `pid`: readable once it has ended, never reused."""
    return libc.syscall("pidfd_open", pid, 0, on=pid)


def send_signal(fd: int, number: int) -> None:
    """Send a signal to the process behind a pidfd; one that has ended is no error."""
    try:
        libc.syscall("pidfd_send_signal", fd, int(number), None, 0, on=f"signal {number}")
    except KernelRefused as refused:
        if refused.number != errno.ESRCH:
            raise


def catches(pid: int, number: int) -> bool:
    """Has the process a handler for this signal of its own; one that has gone has none."""
    try:
        with open(f"/proc/{pid}/status", encoding="ascii", errors="replace") as file:
            told = dict(line.rstrip().split(":\t", 1) for line in file if ":\t" in line)
    except (FileNotFoundError, ProcessLookupError):
        return False
    return bool(int(told.get("SigCgt", "0"), 16) >> (number - 1) & 1)


def read(path: str) -> bytes:
    """A small file of /proc, without the machinery of text: a child of ours would have to copy it;
    empty if it is not there."""
    try:
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return b""
    try:
        return os.read(fd, 4096)
    finally:
        os.close(fd)


def children(pid: int) -> list[int]:
    """The processes that `pid` started or was handed, none if it has ended."""
    found: list[int] = []
    try:
        for task in os.listdir(f"/proc/{pid}/task"):
            with open(f"/proc/{pid}/task/{task}/children", encoding="utf-8") as file:
                found.extend(int(child) for child in file.read().split())
    except (FileNotFoundError, ProcessLookupError):
        return found
    return found


def descendants(pid: int) -> list[int]:
    """`pid` and all that it started and that still run, parents first."""
    found = [pid]
    for parent in found:
        found.extend(children(parent))
    return found


def cpu_ns(pids: list[int]) -> int:
    """Processor time of all threads of `pids` so far, ns (`schedstat`, first column)."""
    total = 0
    for pid in pids:
        try:
            for task in os.listdir(f"/proc/{pid}/task"):
                with open(f"/proc/{pid}/task/{task}/schedstat", encoding="utf-8") as file:
                    total += int(file.read().split()[0])
        except (FileNotFoundError, ProcessLookupError):
            continue
    return total


def first_cpu_ns(pid: int) -> int:
    """The same for the first thread alone, as long as it has no others; 0 once it has ended."""
    return int((read(f"/proc/{pid}/schedstat") or b"0").split()[0])


def with_own_memory(pids: list[int]) -> list[int]:
    """One process for each address space: those that share one would be counted twice.

    User-Mode Linux makes such processes (CLONE_VM without CLONE_THREAD); kcmp(2) tells.
    """
    chosen: list[int] = []
    for pid in pids:
        if not any(share_memory(pid, other) for other in chosen):
            chosen.append(pid)
    return chosen


def share_memory(pid: int, other: int) -> bool:
    """Do two processes live in one address space; no, if one has ended meanwhile."""
    try:
        return libc.syscall("kcmp", pid, other, KCMP_VM, 0, 0, on=f"{pid}, {other}") == 0
    except KernelRefused as refused:
        if refused.number != errno.ESRCH:
            raise
        return False
