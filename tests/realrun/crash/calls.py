"""A command cut short at one of the system calls by which it changes something.

strace(1) counts the calls of a good run, by process and kind; then the same command is run again,
and at the Nth call of a kind it gets SIGKILL, or the call an error, just before it takes effect.
"""

from __future__ import annotations

import os
import re
import subprocess
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from tests.realrun.stage import COMMAND, HANG_S, PROJECT

CHANGES = (
    "openat mkdir mkdirat rmdir unlink unlinkat rename renameat renameat2 symlink symlinkat link"
    " linkat write pwrite64 writev sendfile copy_file_range ftruncate fsync chmod fchmod fchmodat"
    " chown fchown fchownat lchown utimensat setxattr fsetxattr mknod mknodat mount umount2"
    " move_mount open_tree mount_setattr pivot_root chroot setns unshare clone clone3 vfork kill"
    " pidfd_send_signal flock fcntl execve sendmsg sendto"
).split()
TAKES = "pipe2 socketpair epoll_create1 epoll_ctl pidfd_open memfd_create inotify_init1".split()
LINE = re.compile(r"^(\d+) +(?:<\.\.\. )?([a-z_0-9]+)(?:\(| resumed)(.*)")
CREATING = re.compile(r"O_WRONLY|O_RDWR|O_CREAT")
LOCKING = re.compile(r"F_(OFD_)?SETLKW?,")
# What a kind of call may come to: what its man page names, of those that full disks, full tables
# and failing disks bring.
ERRORS = {
    "openat": ("ENOSPC", "EMFILE", "EIO"),
    "write": ("ENOSPC", "EIO"),
    "clone": ("EAGAIN", "ENOMEM"),
    "clone3": ("EAGAIN", "ENOMEM", "ENOSPC"),
    "vfork": ("EAGAIN", "ENOMEM"),
    "mount": ("ENOMEM", "EIO"),
    "flock": ("ENOLCK",),
    "fcntl": ("ENOLCK",),
    "pipe2": ("EMFILE",),
    "socketpair": ("EMFILE", "ENOMEM"),
    "epoll_create1": ("EMFILE", "ENOMEM"),
    "epoll_ctl": ("ENOMEM",),
    "pidfd_open": ("EMFILE", "ENOMEM"),
    "memfd_create": ("EMFILE", "ENOMEM"),
    "inotify_init1": ("EMFILE",),
    "open_tree": ("EMFILE", "ENOMEM"),
    "setns": ("ENOMEM",),
    "unshare": ("ENOMEM", "ENOSPC"),
    "execve": ("ENOMEM", "EIO"),
    "fsync": ("EIO", "ENOSPC"),
    "kill": (),
    "pidfd_send_signal": (),
    "sendmsg": ("ENOBUFS",),
    "sendto": ("ENOBUFS",),
}
OTHERS = ("ENOSPC", "EIO")


class Call(NamedTuple):
    """The `count`th call of a kind that a process makes."""

    name: str
    count: int

    def __str__(self) -> str:
        return f"{self.name}:{self.count}"


class Cut(NamedTuple):
    """How a command that was cut short ended."""

    code: int
    out: str
    err: str


def strace(options: Sequence[str], words: Sequence[str], **more: Any) -> Cut:
    """Run `realrun WORDS` with all its children below strace(1); returns when all have ended."""
    command = ["strace", "-f", "--seccomp-bpf", "-qq", *options, *COMMAND, *words]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, timeout=HANG_S,
                          check=False, **({"stdin": subprocess.DEVNULL} | more))  # fmt: skip
    return Cut(done.returncode, done.stdout, done.stderr)


def changes(words: Sequence[str], scratch: Path, errors: bool) -> list[Call]:
    """Every change that a good run makes, in the order of time; it must succeed.

    For `errors` also what takes a descriptor or memory, and of each kind and number only what is no
    mere look in any process: Python that cannot load itself is no matter of ours.
    """
    kinds = [*CHANGES, *(TAKES if errors else ())]
    log = scratch / "trace"
    done = strace(["-o", str(log), "-e", f"trace={','.join(kinds)}", "-e", "signal=none"], words)
    assert done.code == 0, done
    found = list(parsed(log.read_text(errors="replace").splitlines()))
    looks = {call for call, is_change in found if not is_change} if errors else ()
    return list(dict.fromkeys(call for call, is_change in found if is_change and call not in looks))


def parsed(lines: Sequence[str]) -> Iterator[tuple[Call, bool]]:
    """The calls of a trace, and whether they change anything."""
    counted: Counter[tuple[str, str]] = Counter()
    for line in lines:
        found = LINE.match(line)
        if not found or " resumed" in line[:60]:
            continue
        pid, name, args = found.groups()
        counted[pid, name] += 1
        signs = {"openat": CREATING, "fcntl": LOCKING}
        is_change = name not in signs or bool(signs[name].search(args))
        yield Call(name, counted[pid, name]), is_change


def killed(words: Sequence[str], call: Call, **more: Any) -> Cut:
    """The command, each process killed on the way into this call of its own."""
    return injected(words, call, "signal=KILL", **more)


def failed(words: Sequence[str], call: Call, error: str, **more: Any) -> Cut:
    """The command, this call of each process failing."""
    return injected(words, call, f"error={error}", **more)


def injected(words: Sequence[str], call: Call, what: str, **more: Any) -> Cut:
    """The command with something done to this call."""
    act = f"inject={call.name}:{what}:when={call.count}"
    return strace(["-o", os.devnull, "-e", f"trace={call.name}", "-e", act, "-e", "signal=none"],
                  words, **more)  # fmt: skip


def errors_of(call: Call) -> tuple[str, ...]:
    """What is worth trying."""
    return ERRORS.get(call.name, OTHERS)
