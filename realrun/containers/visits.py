"""Work among the files of a container, running or not, through a pipe.

    with visit(registry, container, work("module:function", {...}), "rb") as stream:
        ... what it says ...

Whoever wants to start or to remove a container that does not run waits until the visit is over.
"""

from __future__ import annotations

import errno
import fcntl
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from typing import BinaryIO, cast

from realrun import engine
from realrun.containers import guests
from realrun.containers.presence import presence
from realrun.containers.record import Container
from realrun.containers.registry import Registry
from realrun.errors import RealRunError
from realrun.runtime import inside, start, visiting
from realrun.runtime.plan import Plan, Step
from realrun.runtime.record import Record
from realrun.runtime.spec import Spec, new_id
from realrun.runtime.streams import closed_afterwards
from realrun.runtime.watch import Watch

PIPE_BYTES = 1 << 20  # the two sides take turns less often


@contextmanager
def visit(
    registry: Registry, container: Container, act: Step, mode: str, mounts: bool = True
) -> Iterator[BinaryIO]:
    """Let a child do `act`; gives the other end of its output (`mode` "rb") or input ("wb").

    What fails inside is the error, also where it made our end of the pipe fail. Without `mounts`,
    what is mounted from outside is left out of a container that does not run.
    """
    if container.spec.isolation in engine.GUESTS:
        verb = act.verb.partition(":")[2]
        with guests.visit(registry, container, verb, act.args, mode, mounts) as archive:
            yield archive
        return
    with Watch() as starter, ExitStack() as stack:
        pidfd = presence(registry, container, stack)
        with closed_afterwards() as theirs:
            ours = pipe(mode, theirs)
            stream = stack.enter_context(open(ours, mode))
            record = begin(registry, container, act, theirs, mounts, pidfd, starter)
        try:
            with stream:
                yield cast(BinaryIO, stream)
        except (RealRunError, OSError):
            check(start.finish(record, starter))
            raise
        check(start.finish(record, starter))


def pipe(mode: str, theirs: list[int]) -> int:
    """Our end of a pipe; `theirs` become the input, output and errors of the child."""
    reader, writer = os.pipe2(os.O_CLOEXEC)
    with suppress(PermissionError):  # a user may have no more than so many pages in pipes
        fcntl.fcntl(writer, fcntl.F_SETPIPE_SZ, PIPE_BYTES)
    null = os.open("/dev/null", os.O_RDWR | os.O_CLOEXEC)
    theirs += [null, writer] if mode == "rb" else [reader, null]
    theirs.append(os.dup(null))
    return reader if mode == "rb" else writer


def begin(
    registry: Registry, container: Container, act: Step, fds: list[int], mounts: bool,
    pidfd: int | None, starter: Watch,
) -> Record:  # fmt: skip
    """Send the visitor in."""
    spec, instance = container.spec, new_id()
    if pidfd is not None:
        folder = registry.root / "instances" / container.id
        where = inside.Container(container.id, registry.state(container).pid, str(folder))
        plan = visiting.running(spec, where, act)
        return start.begin_inside(plan._replace(instance=instance), pidfd, starter, fds)
    upper = registry.path(container.id) / "upper"
    its = visiting.spec_of(spec, str(upper), instance)

    def plan_for(spec: Spec, folder: str) -> Plan:
        return visiting.stopped(spec, folder, act, mounts)

    return start.begin(its, registry.root, starter, fds, plan_for)


def check(told: Record) -> None:
    """Raise what went wrong inside, if that was the cause and not the pipe's other end."""
    if told.failure is not None and told.failure[1] != errno.EPIPE:
        raise VisitFailed(told.failure[1], told.failure[2])
    if told.failure is None and told.code:
        raise RealRunError(f"the copying process was killed ({told.code})")


class VisitFailed(RealRunError):
    """The work inside failed; `number` is the errno, if it had one."""

    def __init__(self, number: int, why: str) -> None:
        self.number = number
        super().__init__(why)
