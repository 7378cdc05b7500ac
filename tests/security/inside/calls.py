"""System calls by number, and what attacks have in common.

Where the host can be known from: MARK, a word that only the host has, in a file's name, in a
process's command line, in an abstract socket's name; HOST_DEV, the number of its /dev.
"""

from __future__ import annotations

import ctypes
import errno
import os
import signal
from collections.abc import Callable

libc = ctypes.CDLL(None, use_errno=True)
MARK = os.environ.get("MARK", "no mark")
HOST_DEV = int(os.environ.get("HOST_DEV", "0"))
HERE = -100  # AT_FDCWD
NEW = {
    "mnt": 0x20000, "cgroup": 0x2000000, "uts": 0x4000000, "ipc": 0x8000000,
    "user": 0x10000000, "pid": 0x20000000, "net": 0x40000000, "time": 0x80,
}  # fmt: skip
CALLS = {  # x86-64, arm64: asm/unistd_64.h, asm-generic/unistd.h
    "ptrace": (101, 117), "syslog": (103, 116), "pivot_root": (155, 41), "acct": (163, 89),
    "swapon": (167, 224), "reboot": (169, 142), "init_module": (175, 105),
    "quotactl": (179, 60), "add_key": (248, 217), "keyctl": (250, 219), "unshare": (272, 97),
    "perf_event_open": (298, 241), "name_to_handle_at": (303, 264), "open_by_handle_at": (304, 265),
    "setns": (308, 268), "finit_module": (313, 273), "bpf": (321, 280), "userfaultfd": (323, 282),
    "io_uring_setup": (425, 425), "open_tree": (428, 428), "move_mount": (429, 429),
    "fsopen": (430, 430), "mount_setattr": (442, 442), "settimeofday": (164, 170),
    "clock_adjtime": (305, 266), "personality": (135, 92), "kexec_load": (246, 104),
    "mount": (165, 40), "umount2": (166, 39), "sethostname": (170, 161), "shmget": (29, 194),
    "process_vm_readv": (310, 270), "vhangup": (153, 58), "ioperm": (173, 0),
}  # fmt: skip
COLUMN = {"x86_64": 0, "aarch64": 1}[os.uname().machine]
ATTACKS: dict[str, Callable[[], str]] = {}
OURS: list[int] = []  # descriptors that are the attacker's own
is_ours = OURS.append


def of_host() -> int:
    """The process that carries the mark in its command line."""
    for pid in filter(str.isdigit, os.listdir("/proc")):
        with open(f"/proc/{pid}/cmdline", "rb") as file:
            if pid != str(os.getpid()) and f"sleeper-{MARK}".encode() in file.read():
                return int(pid)
    raise OSError(errno.ESRCH, "there is no such process")


def attack(function: Callable[[], str]) -> Callable[[], str]:
    """Known by its name, with blanks."""
    ATTACKS[function.__name__.replace("_", " ").strip()] = function
    return function


def syscall(name: str, *args: object) -> int:
    """By number; raises OSError."""
    words = [ctypes.c_long(arg) if isinstance(arg, int) else arg for arg in args]
    result = int(libc.syscall(ctypes.c_long(CALLS[name][COLUMN]), *words))
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return result


def past_the_guard(name: str, *args: object, after: tuple[int, ...]) -> str:
    """A call that cannot succeed, but whose other errors come behind the question of rights."""
    try:
        syscall(name, *args)
    except OSError as error:
        if error.errno not in after:
            raise
        return f"got as far as {errno.errorcode[error.errno]}"
    return "done"


def opened_to_write(path: str) -> str:
    """Opened and closed: nothing is written."""
    os.close(os.open(path, os.O_WRONLY))
    return f"opened {path} to write"


def first_that_opens(paths: list[str]) -> str:
    """The first of them that lets itself be written to; else the last refusal."""
    refusal = OSError(errno.ENOENT, "there is none")
    for path in paths:
        try:
            return opened_to_write(path)
        except OSError as error:
            refusal = error
    raise refusal


def something_in(path: str) -> str:
    """What a masked path holds: nothing, or it is a leak."""
    if os.path.isdir(path):
        names = os.listdir(path)
    else:
        with open(path, "rb") as file:
            names = [str(len(file.read(4096)))] if file.seek(0) == 0 else []
        names = [] if names == ["0"] else names
    if not names:
        raise OSError(errno.ENODATA, "it is empty")
    return f"{path} tells something"


def in_child(tell: Callable[[], str], guard_s: int) -> str:
    """What `tell` says in a child that it may ruin, or how that ended."""
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(reader)
        is_ours(writer)
        signal.alarm(guard_s)
        os.write(writer, tell().encode())
        os._exit(0)
    os.close(writer)
    with open(reader, "rb") as answer:
        told = answer.read().decode()
    _, status = os.waitpid(pid, 0)
    return told or f"killed by signal {status & 127}"
