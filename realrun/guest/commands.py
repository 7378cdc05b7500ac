"""A program in a guest as a script for its shell: limits, settings, user, then the program.

All words are quoted by us, so nothing in them is a command. `env` sets what a shell could not
name; `su` takes a list of groups, `nsenter` changes root, directory and user and looks the program
up along the new PATH. `exec -a` reaches all of them through the one busybox, since PATH is the
image's by then.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping

from realrun.errors import UsageError
from realrun.linux.limits import NONE
from realrun.runtime.spec import Spec
from realrun.runtime.users import User

# Of each process: what the shell calls it, and in which units of bytes it counts.
ULIMITS = {
    "cpu": ("t", 1),
    "fsize": ("f", 512),
    "data": ("d", 1024),
    "stack": ("s", 1024),
    "core": ("c", 512),
    "rss": ("m", 1024),
    "nproc": ("p", 1),
    "nofile": ("n", 1),
    "memlock": ("l", 1024),
    "locks": ("w", 1),
    "nice": ("e", 1),
    "rtprio": ("r", 1),
}


def script(spec: Spec, user: User) -> str:
    """What the guest's init has its shell do; ends with the program in the shell's place."""
    lines = [*ulimits(spec), *terminal(spec, user), *group_list(spec, user)]
    env = {"HOME": user.home} | dict(spec.env)
    words = ["busybox", "/bin/busybox", "env", "-i", *(f"{k}={v}" for k, v in env.items())]
    words += ["setpriv", "--nnp"] if spec.no_new_privileges else []
    if has_groups(user):
        words += ["su", "-m", "-s", "/bin/nsenter", "--", account(spec)]
    else:
        words += ["/bin/nsenter"]
    words += ["-F", "-r/root", f"-w/root{spec.cwd}"]
    words += ["-S", str(user.uid)] if user.uid else []
    return "\n".join([*lines, "exec -a " + shlex.join([*words, *spec.argv]), ""])


def has_groups(user: User) -> bool:
    """Is there more to change than the init is already."""
    return bool(user.gid or user.uid or set(user.groups) - {0})


def account(spec: Spec) -> str:
    """A name that nobody has had, for the list of groups."""
    return f"p{spec.id[:12]}"


def group_list(spec: Spec, user: User) -> Iterator[str]:
    """An account in the ram disk: still root, since it has yet to change its root directory, and
    with the groups of whom it is to become."""
    if has_groups(user):
        name = account(spec)
        yield f"echo {name}:x:0:{user.gid}::/:/bin/sh >> /etc/passwd"
        for gid in user.groups:
            yield f"echo {name}g{gid}:x:{gid}:{name} >> /etc/group"


def terminal(spec: Spec, user: User) -> Iterator[str]:
    """Whoever uses the terminal owns it."""
    if spec.terminal is not None:
        yield f"chown {user.uid} /proc/self/fd/0"


def ulimits(spec: Spec) -> Iterator[str]:
    """Hard limits after soft ones: the other way round one that is to rise would be refused."""
    for name, (soft, hard) in spec.ulimits.items():
        letter, unit = ULIMITS[name]
        yield f"ulimit -S{letter} {limit(soft, unit)}"
        yield f"ulimit -H{letter} {limit(hard, unit)}"


def limit(value: int, unit: int) -> str:
    """A limit as the shell reads it."""
    return "unlimited" if value == NONE else str(value // unit)


def check_ulimits(asked: Mapping[str, tuple[int, int]]) -> None:
    """Refuse what the guest's shell cannot set, or not exactly."""
    for name, values in asked.items():
        if name not in ULIMITS:
            raise UsageError(
                f"--ulimit {name}: the shell of a guest's init sets {', '.join(sorted(ULIMITS))}"
            )
        unit = ULIMITS[name][1]
        if any(value != NONE and value % unit for value in values):
            raise UsageError(f"--ulimit {name}: in a guest it takes a multiple of {unit}")
