"""Hold on to a container as it is, running or not, while something is done among its files."""

from __future__ import annotations

import time
from contextlib import ExitStack

from realrun.containers.record import RUNNING, Container
from realrun.containers.registry import Busy, Registry
from realrun.containers.signals import clear_leftover, first_process
from realrun.errors import UsageError

PATIENCE_S, MOMENT_S = 10.0, 0.01


def presence(registry: Registry, container: Container, stack: ExitStack) -> int | None:
    """Hold on to the container as it is: a descriptor of its first process, or None if it does not
    run and will not be started until `stack` is closed."""
    deadline = time.monotonic() + PATIENCE_S
    while True:
        try:
            if registry.state(container).status == RUNNING:
                return stack.enter_context(first_process(registry, container))
            stack.enter_context(registry.visiting(container))
            clear_leftover(registry, container)
            return None
        except (Busy, UsageError):  # it is just being started, or has just ended
            if time.monotonic() > deadline:
                raise
            time.sleep(MOMENT_S)
