"""The end of a container: its signals, its removal, and the way back out of a failed operation.

Source: OCI runtime-spec, `runtime.md`, "Kill", "Delete", "Errors".
"""

from __future__ import annotations

import errno
import os
import shutil
import signal
import time
from pathlib import Path

from realrun.errors import KernelRefused, NoSuchContainer, RealRunError, WrongState
from realrun.linux import mounts, processes
from realrun.oci import groups, hooks, planning, state, warnings
from realrun.oci.bundle import get
from realrun.oci.state import CREATED, PAUSED, RUNNING, STOPPED, Container

GIVE_UP_S = 10.0
MOMENT_S = 0.002


def kill(container: Container, number: int, everybody: bool = False) -> None:
    """A signal to the container's process, or to all of them. Raises WrongState."""
    if everybody and container.groups:
        groups.send_all(container.groups, number)
        return
    if container.status not in (CREATED, RUNNING, PAUSED):
        raise WrongState(f"cannot kill {container.id}: container not running, it is "
                         f"{container.status}")  # fmt: skip
    signal_process(container, number)


def signal_process(container: Container, number: int) -> None:
    """By a descriptor that cannot mean another process of the same number."""
    try:
        fd = processes.pidfd(container.pid)
    except KernelRefused as refused:
        if refused.number != errno.ESRCH:
            raise
        return
    try:
        if state.born(container.pid) == container.started_ticks:
            processes.send_signal(fd, number)
    finally:
        os.close(fd)


def delete(container: Container) -> None:
    """Remove what `create` made. Raises WrongState unless the container has stopped."""
    if (now := container.status) != STOPPED:
        raise WrongState(f"cannot delete {container.id}: it is {now}, not {STOPPED}; kill it first")
    clear(container)
    poststop(container)


def force_delete(root: Path, name: str) -> None:
    """The same whatever it does; one that does not exist is no error, as in runc."""
    try:
        with state.held(root, name) as container:
            clear(container)
            poststop(container)
    except NoSuchContainer:
        shutil.rmtree(root / state.checked(name), ignore_errors=True)


def undo(container: Container, first: BaseException) -> None:
    """Take back all of a failed operation; `first` stays the error, others become its notes."""
    for act in (clear, poststop):
        try:
            act(container)
        except (OSError, RealRunError) as second:
            first.add_note(f"while undoing: {second}")


def clear(container: Container) -> None:
    """No process, no group, no mount and no folder of it is left."""
    end_process(container)
    if container.groups:
        groups.kill_all(container.groups)
        groups.remove(container.groups)
    if not planning.has_mounts(container.config):
        mounts.unmount(container.rootfs)  # it left its mounts on the host's
    container.forget()


def end_process(container: Container) -> None:
    """SIGKILL, and wait for the end; if it is our own child, take it in."""
    if not container.pid:
        return
    if container.groups and groups.is_frozen(container.groups):
        groups.freeze(container.groups, False)
    signal_process(container, signal.SIGKILL)
    deadline = time.monotonic() + GIVE_UP_S
    while state.born(container.pid) == container.started_ticks:
        if time.monotonic() > deadline:
            raise OSError(errno.EBUSY, f"process {container.pid} does not end", container.id)
        time.sleep(MOMENT_S)
    if container.pid in processes.children(os.getpid()):
        os.waitpid(container.pid, 0)


def poststop(container: Container) -> None:
    """The last hooks; one that fails is a warning, and the others are called nevertheless."""
    for hook in get(container.config, "hooks.poststop") or ():
        try:
            hooks.run_all("poststop", [hook], container.document(STOPPED))
        except (OSError, RealRunError) as error:
            warnings.add(str(error))
