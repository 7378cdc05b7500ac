"""A start is a plan: an ordered list of named steps, each with what it does.

The command line prints the plan, the spawner executes it, the benchmark times it, the charts draw
it and the model simulates it, all by the same names. A step is carried out by the engine, or by
the child on its way into the image; what happens by itself, like a guest's kernel, is watched for.
"""

from __future__ import annotations

from typing import Any, NamedTuple

ENGINE, CHILD, WATCHED = "engine", "child", "watched"


class Step(NamedTuple):
    """One named step. `verb` and `args` say what the spawner calls; args are JSON."""

    name: str
    does: str  # one line that a student understands
    who: str  # ENGINE, CHILD or WATCHED
    verb: str = ""
    args: dict[str, Any] = {}


class Stamp(NamedTuple):
    """When a step was over, on the host's monotonic clock, and what its actor had used by then."""

    step: int
    at_ns: int
    cpu_ns: int | None  # None where it could not be asked


class Plan(NamedTuple):
    """All that happens from the request to the first output, and what is undone at the end."""

    instance: str  # id
    isolation: str
    accelerator: str
    steps: tuple[Step, ...]
    level: str = ""  # of a guest, as `guest.levels` writes it

    def by(self, who: str) -> list[tuple[int, str, dict[str, Any]]]:
        """The steps of one actor, with their place in the plan: what the spawner executes."""
        return [(n, s.verb, s.args) for n, s in enumerate(self.steps) if s.who == who]


FIRST_OUTPUT = Step("first output", "the program runs until it prints its first byte", WATCHED)
