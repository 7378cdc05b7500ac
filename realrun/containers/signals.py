"""stop, kill, wait, rm: what is done to a container from outside.

A signal goes to the first process through a pidfd that was checked to be this container's, so it
never hits somebody who got the same number later.
"""

from __future__ import annotations

import errno
import os
import select
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from realrun.containers import pausing
from realrun.containers.record import RUNNING, Container
from realrun.containers.registry import Busy, Registry
from realrun.engine import GUESTS
from realrun.errors import (
    GuestFailed,
    KernelRefused,
    NoSuchContainer,
    NoSuchVolume,
    RealRunError,
    UsageError,
)
from realrun.linux import cgroups, processes, procstat
from realrun.linux import signals as names
from realrun.runtime import state as instances
from realrun.runtime import volumes

KILL = 9
PATIENCE_S, MOMENT_S = 30.0, 0.002  # for who is between two states, and for who has to die
SETTLE_S = 3.0  # for a guest whose program was killed to write down what it has in memory


class NotRunning(UsageError):
    """There is no process to send anything to."""


@contextmanager
def first_process(registry: Registry, container: Container) -> Iterator[int]:
    """A descriptor of the first process of a running container; raises `NotRunning` if none."""
    with process_of(container, pid_of(registry, container)) as fd:
        yield fd


def pid_of(registry: Registry, container: Container) -> int:
    """The number of its first process; one that is just being started, or has ended and is being
    cleaned up after, is waited for. Raises `NotRunning`."""
    deadline = time.monotonic() + PATIENCE_S
    while registry.is_watched(container):
        told = registry.state(container)
        if told.status == RUNNING:
            return told.pid
        if time.monotonic() > deadline:
            raise RealRunError(
                f"container {container.name} has been starting or ending for {PATIENCE_S:.0f} s;"
                " try again, or end its watcher"
            )
        time.sleep(MOMENT_S)
    raise NotRunning(f"container {container.name} is not running; `realrun start` starts it")


@contextmanager
def process_of(container: Container, pid: int) -> Iterator[int]:
    """A descriptor of process `pid`, after a look whether it is the container's."""
    try:
        fd = processes.pidfd(pid)
    except KernelRefused as refused:
        if refused.number != errno.ESRCH:
            raise
        fd = -1
    try:
        if fd < 0 or not instances.belongs(pid, container.id):
            raise NotRunning(f"container {container.name} has just ended")
        yield fd
    finally:
        if fd >= 0:
            os.close(fd)


def kill(registry: Registry, container: Container, number: int, keeps: bool = True) -> None:
    """Send a signal; after SIGKILL it is over when this returns. `keeps`: what it has written is
    still wanted."""
    pid = pid_of(registry, container)
    with process_of(container, pid) as fd:
        send(registry, container, fd, number, keeps)
    if number == KILL:
        wait_for_death(registry, container, pid)


def stop(registry: Registry, container: Container, timeout_s: int | None = None) -> None:
    """Ask it to end with its stop signal, and kill it after `timeout_s` (None = as was settled,
    negative = never); one that does not run is left alone."""
    patience_s = container.stop_timeout_s if timeout_s is None else timeout_s
    with suppress(NotRunning):
        pid = pid_of(registry, container)
        with process_of(container, pid) as fd:
            send(registry, container, fd, names.number(container.stop_signal))
            if not has_ended(fd, patience_s):
                send(registry, container, fd, KILL)
        wait_for_death(registry, container, pid)


def wait_for_death(registry: Registry, container: Container, pid: int) -> None:
    """Until a killed container has been cleaned up after; raises what it hangs on."""
    if not registry.ends_within(container, PATIENCE_S):
        process = procstat.read(pid)
        hangs = f"process {pid} is in state {process.state}" if process else "its watcher hangs"
        raise RealRunError(
            f"container {container.name} was killed and has not ended after {PATIENCE_S:.0f} s:"
            f" {hangs}; it ends as soon as that goes on"
        )


def has_ended(fd: int, within_s: float) -> bool:
    """Wait for a while for the end of the process of this descriptor; negative: for ever."""
    ended = select.poll()
    ended.register(fd, select.POLLIN)
    return bool(ended.poll(None if within_s < 0 else within_s * 1000))


def send(
    registry: Registry, container: Container, fd: int, number: int, keeps: bool = True
) -> None:  # fmt: skip
    """A signal to the program; what is to end it lets it go on if it is paused."""
    if number in (KILL, names.number(container.stop_signal)):
        pausing.resume(registry, container)
    if container.spec.isolation in GUESTS:
        if number != KILL:
            send_inside(registry, container, number)
            return
        if keeps and settled(registry, container, fd):
            return
        # To kill the machine pulls its plug, and it has exit codes of its own: noted first.
        (registry.path(container.id) / "signal").write_text(str(number), encoding="utf-8")
    processes.send_signal(fd, number)
    if number == KILL:
        instances.thaw(container.id)


def settled(registry: Registry, container: Container, fd: int) -> bool:
    """Kill the program of a guest inside; has that ended the guest, with all written down?"""
    with suppress(GuestFailed):
        return send_inside(registry, container, KILL) and has_ended(fd, SETTLE_S)
    return False


def send_inside(registry: Registry, container: Container, number: int) -> bool:
    """Through the watcher of a guest, whose init passes it on; is that up?"""
    from realrun.guest import visits

    return visits.send_signal(registry.path(container.id), number)


def noted(registry: Registry, container: Container) -> int | None:
    """The last signal that was sent to a guest since it was started, or None; asked once."""
    path = registry.path(container.id) / "signal"
    try:
        number = int(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    path.unlink()
    return number


def remove(
    registry: Registry, container: Container, force: bool = False, with_volumes: bool = False
) -> None:
    """Take a container away; a running one only with `force`, which kills it."""
    while True:
        try:
            with registry.watching(container):
                clear_leftover(registry, container)
                registry.remove(container)
            break
        except NoSuchContainer:  # it was to go at its end
            return
        except Busy:
            if not force:
                raise UsageError(
                    f"container {container.name} is running; stop it first, or use `rm -f`"
                ) from None
            with suppress(NotRunning):
                kill(registry, container, KILL, keeps=False)
    if with_volumes or container.auto_remove:
        remove_volumes(registry, container)


def clear_leftover(registry: Registry, container: Container) -> None:
    """Remove what a killed watcher has left of the last run."""
    folder = registry.root / "instances" / container.id
    if folder.exists():
        instances.prune_one(folder, cgroups.detect())


def remove_volumes(registry: Registry, container: Container) -> None:
    """The volumes without a name go with their container, unless another one has them, too."""
    users = volume_users(registry) if container.volumes else {}
    for name in container.volumes:
        if not set(users.get(name, ())) - {container.id}:
            with suppress(NoSuchVolume):
                volumes.remove(registry.root, name)


def volume_users(registry: Registry) -> dict[str, list[str]]:
    """Each volume that a container has, and the ids of all that have it."""
    users: dict[str, list[str]] = {}
    for container in registry.all():
        for mount in container.spec.mounts:
            if mount.kind == "volume":
                users.setdefault(mount.source, []).append(container.id)
    return users
