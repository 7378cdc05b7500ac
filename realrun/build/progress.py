"""What a build tells while it works: one event at a time, drawn by whoever listens."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something happened in step `step` of `steps`; steps without a layer are not counted.

    state   begin    the instruction starts
            cached   it need not be carried out
            done     it is finished, after `seconds`
            output   it wrote `output`
            note     something worth knowing: `text` says what; of a COPY: nothing matched; of a
                     step that the cache did not know: what is new in it
    """

    state: Literal["begin", "cached", "done", "output", "note"]
    step: int
    steps: int
    text: str
    stage: str = ""
    output: bytes = b""
    seconds: float = 0.0


Listener = Callable[[Event], None]


def silent(_: Event) -> None:
    """Nobody listens."""
