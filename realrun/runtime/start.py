"""From a spec to a running process or container: plan it, ask for it, hear of its end."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from realrun.errors import UsageError
from realrun.files.remove import remove_tree
from realrun.linux import cgroups
from realrun.runtime import inside, limitwords, planning, rootsteps, state, subids, users, volumes
from realrun.runtime.plan import Plan
from realrun.runtime.record import Record
from realrun.runtime.spec import Spec
from realrun.runtime.subids import Ids
from realrun.runtime.users import User
from realrun.runtime.watch import Event

Planner = Callable[[Spec, str], Plan]


class Starter(Protocol):
    """Somebody who starts instances: `Watch` in this process, `Spawner` in one of its own."""

    def start(self, request: dict[str, Any], fds: list[int]) -> None:
        """Begin a start."""

    def events(self, timeout_s: float | None = None) -> list[Event]:
        """What happened since."""

    def signal(self, instance: str, number: int) -> None:
        """Pass on a signal."""

    def fileno(self) -> int:
        """Readable when there are events."""

    def close(self) -> None:
        """Kill and clean up what still runs."""


def plan_for(spec: Spec, folder: str) -> Plan:
    """The plan of a process or container, after a look at what this machine allows."""
    check_limits(spec.limits)
    return planning.make(spec, folder, checked(spec, image_user(spec.user, spec.layers)))


def check_limits(limits: Mapping[str, Any]) -> None:
    """Raise UsageError if there are some, and no control group for them."""
    if limits and not planning.has_cgroup():
        raise UsageError(
            "limits need a control group that we may write to, and there is none here (cgroup "
            f"{cgroups.detect().version}): {limitwords.remedy()}, or leave the limits out"
        )


def user_of(spec: Spec, layers: Sequence[str]) -> User:
    """Who the program runs as; raises UsageError if its user namespace has no such user."""
    return checked(spec, users.resolve(spec.user, users.reader(layers)))


@lru_cache(maxsize=64)
def image_user(user: str, layers: tuple[str, ...]) -> User:
    """The same by the image alone: its layers never change."""
    return users.resolve(user, users.reader(layers))


def checked(spec: Spec, user: User) -> User:
    """The user, if there is such a one."""
    if spec.uid_map or rootsteps.rootless():
        subids.check_user(user.uid, user.gid, Ids(spec.uid_map, spec.gid_map))
    return user


def begin(
    spec: Spec, root: Path, starter: Starter, fds: list[int], planner: Planner = plan_for
) -> Record:
    """Ask for a start; the record fills as its events come in."""
    requested_ns, cpu_ns = time.monotonic_ns(), time.thread_time_ns()
    volumes.prepare(root, spec.mounts)
    folder, lock_fd = state.create(root, spec.id)
    try:
        plan = planner(spec, folder)
        record, request = (
            Record(plan=plan, requested_ns=requested_ns),
            planning.request(plan, folder),
        )
        record.caller_cpu_ns = time.thread_time_ns() - cpu_ns
        starter.start(request, [lock_fd, *fds])
    except BaseException:
        remove_tree(Path(folder))
        raise
    finally:
        os.close(lock_fd)
    return record


class Inside(NamedTuple):
    """A running instance to start one more program in."""

    container: inside.Container
    pidfd: int  # of its first process: what it names cannot change meanwhile
    upper: str  # its writable layer


def begin_exec(spec: Spec, into: Inside, starter: Starter, fds: list[int]) -> Record:
    """Ask for one more program in a running instance; it has nothing of its own to clean up."""
    user = user_of(spec, (*spec.layers, into.upper))
    return begin_inside(inside.make(spec, into.container, user), into.pidfd, starter, fds)


def begin_inside(plan: Plan, pidfd: int, starter: Starter, fds: list[int]) -> Record:
    """Ask for a plan that enters the instance behind `pidfd`."""
    record = Record(plan=plan, requested_ns=time.monotonic_ns())
    starter.start(planning.request(plan, ""), [pidfd, *fds])
    return record


def finish(record: Record, starter: Starter) -> Record:
    """Wait until the instance is gone."""
    while record.code is None:
        for event in starter.events():
            record.hear(event)
    return record


def null() -> int:
    """An empty input."""
    return os.open("/dev/null", os.O_RDWR | os.O_CLOEXEC)
