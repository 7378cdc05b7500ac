"""How the parts of the engine tell SimPy that something has happened."""

from typing import Any

import simpy


def happen(event: simpy.Event, value: Any = None) -> None:
    """Let `event` happen now, inside the event that caused it, if just one is waiting for it.

    `Event.succeed` sends it once more through SimPy's queue, only to come back at the same moment:
    half of all events of a busy processor. With no or several waiting it does take that way, so
    that SimPy's rules for stopping in the middle hold. To be called last, when the caller's own
    state is whole again: whoever wakes up may ask for more at once.
    """
    waiting = event.callbacks
    if waiting is None or len(waiting) != 1:
        event.succeed(value)
        return
    event._ok, event._value = True, value
    event.callbacks = None  # type: ignore[assignment]  # what SimPy calls "processed"
    waiting[0](event)
