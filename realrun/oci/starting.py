"""`start`: the process that waits becomes the program; nothing else is set up.

Source: OCI runtime-spec, `runtime.md`, "Start", "Lifecycle" (steps 6 to 9).
"""

from __future__ import annotations

import errno
import os

from realrun.errors import RealRunError, WrongState
from realrun.oci import hooks
from realrun.oci.bundle import get
from realrun.oci.ending import undo
from realrun.oci.process import said
from realrun.oci.state import CREATED, RUNNING, Container
from realrun.runtime import spawner


def start(container: Container) -> None:
    """Run the program. Raises WrongState unless the container is created.

    If it cannot be executed, or a hook fails, the container is destroyed.
    """
    if (now := container.status) != CREATED:
        raise WrongState(f"cannot start {container.id}: it is {now}, not {CREATED}")
    try:
        heard = let_go(container)
        _, failure = spawner.parse_stamps(heard)
        if failure:
            raise RealRunError(said(container.steps, container.config["process"], failure))
        called = get(container.config, "hooks.poststart") or ()
        hooks.run_all("poststart", called, container.document(RUNNING))
    except BaseException as first:
        undo(container, first)
        raise


def let_go(container: Container) -> bytes:
    """Say go, and listen until the program has taken over: its pipe closes at exec(2)."""
    told = os.open(container.folder / "told", os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    os.set_blocking(told, True)
    with open(told, "rb") as listening:
        try:
            go = os.open(container.folder / "go", os.O_WRONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        except OSError as error:
            if error.errno != errno.ENXIO:
                raise
            raise WrongState(f"cannot start {container.id}: its process has ended") from None
        os.write(go, b"1")
        os.close(go)
        os.unlink(container.folder / "go")
        return listening.read()
