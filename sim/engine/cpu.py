"""A processor whose cores are shared by all that is runnable, by weight and up to quotas.

A job that can use `width` cores counts as that many threads: weight and cap are `width`. So k
threads of one core each on c cores are served at the rate

    r(k) = s / ((1 + contention_ratio * (min(k, c) - 1)) * (1 + turns_ratio * (1 - s)))

each, with s = min(1, c / k). With c = 1 and both ratios 0 it is the textbook's M/G/1-PS.

A *group* is what a control group is to the kernel: its jobs share what the group receives, and the
group receives by its weight (against 1 for a thread outside of any group), never more than
`quota_cores`. For the outer sharing it is one job at a time, whose work ends when the first of the
jobs inside ends; each change inside takes it out and puts it back, O(log n). The quota is exact and
even: the kernel's is given anew each 100 ms, which short bursts notice (not modelled).

Equations and sources: `sim.engine.sharing`. Groups: Linux, Documentation/admin-guide/cgroup-v2.rst,
`cpu.weight` and `cpu.max`.

The interface that the model uses: `SharedCpu(env, cores, contention_ratio,
turns_ratio)`, `.serve(demand_s, width=1, group=None)`, `.group(weight, quota_cores)`, `.check()`,
`.done` (CPU seconds given).
"""

from heapq import heappop, heappush
from math import fsum, inf
from sys import float_info

import simpy

from sim.engine.events import happen
from sim.engine.sharing import Job, Shared
from sim.errors import ModelBroken

NEXT_TO_NOTHING_S = float_info.min  # what rounding may leave of a job that is due


class SharedCpu(Shared):
    """`cores` equal cores; `serve(demand_s)` is an event that happens when the work is done.

    >>> env = simpy.Environment()
    >>> cpu = SharedCpu(env, cores=2)
    >>> for _ in range(4):
    ...     done = cpu.serve(1.0)
    >>> env.run(done)
    >>> env.now                        # four jobs of 1 s on two cores
    2.0
    >>> small = cpu.group(weight=1.0, quota_cores=0.5)
    >>> env.run(cpu.serve(1.0, group=small))
    >>> env.now                        # half a core takes 2 s for 1 s of work
    4.0
    """

    def __init__(
        self,
        env: simpy.Environment,
        cores: int,
        contention_ratio: float = 0.0,
        turns_ratio: float = 0.0,
    ) -> None:
        if cores < 1:
            raise ValueError(f"cores must be >= 1, got {cores}")
        super().__init__(env, cores, contention_ratio, turns_ratio)
        self.cores = cores
        self._groups: list[Group] = []

    def serve(
        self, demand_s: float, width: float = 1.0, group: "Group | None" = None
    ) -> simpy.Event:
        """Ask for `demand_s` CPU seconds; the event happens when they have been given."""
        if demand_s == 0:
            return self.env.event().succeed()
        if group is not None:
            return group.ask(demand_s, width)
        return self.ask(demand_s, width, width)

    def group(self, weight: float = 1.0, quota_cores: float = inf) -> "Group":
        """A new group of jobs on this processor."""
        group = Group(self, weight, quota_cores)
        self._groups.append(group)
        return group

    def check(self) -> None:
        """Laws: work is conserved, in the whole and in each group."""
        super().check()
        for group in self._groups:
            group.check()


class Group:
    """Jobs that share one weight and one quota; made by `SharedCpu.group`."""

    def __init__(self, cpu: SharedCpu, weight: float, quota_cores: float) -> None:
        if not (0 < weight < inf and quota_cores > 0):
            raise ValueError(f"weight, quota_cores must be > 0, got {weight} and {quota_cores}")
        self.cpu = cpu
        self.weight = weight
        self.quota_cores = quota_cores
        self._virtual = 0.0
        self._threads = 0.0  # widths of all jobs inside
        self._jobs: list[tuple[float, int, float, simpy.Event]] = []
        self._number = 0
        self._busy = False  # jobs are being told; the outer sharing is asked afterwards
        self._outer: Job | None = None
        self._asked = 0.0  # of the outer job
        self.asked_s = self.done_s = 0.0

    def ask(self, demand_s: float, width: float) -> simpy.Event:
        """`demand_s` CPU seconds for a job that can use `width` of the cores."""
        if not (0 < demand_s < inf and 0 < width < inf):
            raise ValueError(f"demand_s, width must be > 0, finite, got {demand_s} and {width}")
        self._stop()
        done = self.cpu.env.event()
        self._number += 1
        self.asked_s += demand_s
        end = self._virtual + demand_s / width
        heappush(self._jobs, (end, self._number, width, done))
        self._threads += width
        self._go()
        return done

    def check(self) -> None:
        """Law: what was asked for inside was given or is still owed."""
        if self._outer is not None:
            self._stop()
            self._go()
        owed_s = fsum((end - self._virtual) * width for end, _, width, _ in self._jobs)
        lost_s = self.asked_s - self.done_s - owed_s
        if abs(lost_s) > 1e-9 * max(1.0, self.asked_s):
            raise ModelBroken(f"{lost_s:+} CPU seconds of a group unaccounted for")

    def _stop(self) -> None:
        """Take the group out of the outer sharing, and give its jobs what it received."""
        if self._outer is None:  # idle, or between two jobs
            return
        given_s = self._asked - self.cpu.cancel(self._outer)
        self._outer = None
        self.done_s += given_s
        self._virtual += given_s / self._threads

    def _go(self) -> None:
        """Ask the outer sharing for what the job inside that ends first still needs."""
        if self._busy:
            return
        if not self._jobs:
            self._virtual = self._threads = 0.0
            return
        self._asked = max((self._jobs[0][0] - self._virtual) * self._threads, NEXT_TO_NOTHING_S)
        cap = min(self.quota_cores, self._threads)
        self._outer = self.cpu.ask(self._asked, self.weight, cap)
        self._outer.callbacks.append(self._first_ends)

    def _first_ends(self, outer: simpy.Event) -> None:
        """End every job inside that is due."""
        self._outer = None
        self.done_s += (self._jobs[0][0] - self._virtual) * self._threads
        self._virtual = self._jobs[0][0]
        self._busy = True
        while self._jobs and self._jobs[0][0] <= self._virtual:
            _, _, width, done = heappop(self._jobs)
            self._threads -= width
            happen(done)
        self._busy = False
        self._go()
