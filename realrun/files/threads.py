"""A thread, or one line that says why there is none."""

from __future__ import annotations

from collections.abc import Callable
from threading import Thread

from realrun.errors import RealRunError


def begun(name: str, target: Callable[..., object], *args: object) -> Thread:
    """A thread that runs already and does not keep the program alive."""
    thread = Thread(target=target, args=args, name=name, daemon=True)
    try:
        thread.start()
    except RuntimeError:
        raise RealRunError(
            "no thread can be started: too many processes; see `ulimit -u` and the pids cgroup"
        ) from None
    return thread
