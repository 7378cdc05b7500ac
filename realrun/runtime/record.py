"""What a start did, step by step: the stamps turned into phases without gaps."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, NamedTuple

from realrun.runtime.plan import ENGINE, Plan, Stamp

NEVER = 1 << 63  # later than any moment of the clock
REFUSED = 125  # exit code of what was not even begun, as Docker's


class Phase(NamedTuple):
    """One step of the plan as it happened; times in seconds since the request."""

    step: int
    name: str
    part: str  # "start" up to the first output, "end" from there on
    begin_s: float
    duration_s: float
    cpu_s: float | None  # None where it could not be told apart


@dataclass(slots=True, kw_only=True)
class Record:
    """One start and its end. Times are ns of the host's monotonic clock, 0 = did not happen."""

    plan: Plan
    requested_ns: int
    caller_cpu_ns: int = 0  # what whoever asked used for it, until it was handed on
    engine_cpu_ns: int = 0  # what the process that carries out the plan had used when asked
    engine: list[Stamp] = field(default_factory=list)
    child: list[Stamp] = field(default_factory=list)
    watched: list[Stamp] = field(default_factory=list)
    pid: int = 0
    output_ns: int = 0
    exit_ns: int = 0
    removed_ns: int = 0
    code: int | None = None
    cpu_s: float = 0.0
    clock_error_ns: int | None = None  # of what a guest's clock told; None: nothing, or unknown
    oom: bool = False  # the kernel killed for want of memory
    failure: tuple[int, int, str] | None = None  # step (-1: before any), errno, why

    def hear(self, event: dict[str, Any]) -> None:
        """Take over what the spawner told."""
        if event["event"] == "running":
            self.pid, self.engine_cpu_ns = event["pid"], event["engine_cpu_ns"]
            *engine, parent = (Stamp(*stamp) for stamp in event["engine"])
            born, *self.child = (Stamp(*stamp) for stamp in (*event["child"], event["exec"]))
            self.engine = [*engine, joined(parent, born)]
        elif event["event"] == "refused":
            self.code, self.failure = REFUSED, (-1, 0, event["why"])
        else:
            self.code, self.cpu_s = event["code"], event["cpu_s"]
            self.exit_ns, self.removed_ns = event["exit_ns"], event["removed_ns"]
            self.oom = event["oom"]
            self.failure = event.get("failure") or self.failure

    def phases(self) -> list[Phase]:
        """All phases in the order of time; they follow each other without gaps."""
        found, last_ns = [], self.requested_ns
        used = {ENGINE: self.engine_cpu_ns - self.caller_cpu_ns, "instance": 0}
        stamps = [(ENGINE, s) for s in self.engine]
        stamps += [("instance", s) for s in self.seen_in_time()]
        for actor, (step, at_ns, cpu_ns) in sorted(stamps, key=lambda s: (s[1].at_ns, s[1].step)):
            cpu_s = None if cpu_ns is None else max(0, cpu_ns - used[actor]) / 1e9
            found.append(
                self.phase(step, self.plan.steps[step].name, "start", last_ns, at_ns, cpu_s)
            )
            used[actor], last_ns = cpu_ns or used[actor], at_ns
        ends = (("exit", self.exit_ns), ("remove", self.removed_ns))
        for number, (name, at_ns) in enumerate(ends, len(self.plan.steps)):
            if at_ns:
                found.append(self.phase(number, name, "end", last_ns, at_ns, None))
                last_ns = at_ns
        return found

    def seen_in_time(self) -> list[Stamp]:
        """The instance's own steps, none of them over later than what must have come after.

        Different processes see different ends, each a little late: exec(2) by the end of a pipe,
        the output by its arrival, the exit by the kernel's word. exec was over before the first
        output, and everything before the exit.
        """
        exit_ns = self.exit_ns or NEVER
        entered_ns = min(self.output_ns or NEVER, exit_ns)
        entering = [stamp._replace(at_ns=min(stamp.at_ns, entered_ns)) for stamp in self.child]
        return [s._replace(at_ns=min(s.at_ns, exit_ns)) for s in (*entering, *self.watched)]

    def phase(
        self, step: int, name: str, part: str, from_ns: int, to_ns: int, cpu_s: float | None
    ) -> Phase:
        """One phase between two moments."""
        begin_s = (from_ns - self.requested_ns) / 1e9
        return Phase(step, name, part, begin_s, (to_ns - from_ns) / 1e9, cpu_s)


def joined(parent: Stamp, child: Stamp) -> Stamp:
    """The end of the clone: when the child began (its parent may hear of it later), at the
    parent's cost."""
    return Stamp(parent[0], child[1], parent[2])
