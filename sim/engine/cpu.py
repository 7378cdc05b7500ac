"""A processor whose cores are shared evenly by all that is runnable.

Egalitarian processor sharing (PS): `k` jobs on `c` cores are served at the rate

    r(k) = min(1, c / k) / (1 + contention_ratio * (min(k, c) - 1))

each. The first factor says that a job cannot use more than one core; the second that busy
cores slow each other down (shared caches, kernel locks, two threads of one core), the first
term of Gunther's Universal Scalability Law. With `contention_ratio = 0` it is the textbook's
M/G/1-PS for c = 1.

Nothing is cut into time slices. All jobs are served at the same rate, so each job ends when the
*virtual time* V, with dV/dt = r(k), has grown by its demand: a heap of V at the end is enough,
O(log k) an event, and exact.

Sources: L. Kleinrock, "Time-shared systems: a theoretical treatment", J. ACM 14(2), 1967;
N. J. Gunther, "Guerrilla Capacity Planning", Springer 2007, chapter 4.
"""

from heapq import heappop, heappush

import simpy

from sim.errors import ModelBroken


class SharedCpu:
    """`cores` equal cores; `serve(demand_s)` is an event that happens when the work is done.

    >>> env = simpy.Environment()
    >>> cpu = SharedCpu(env, cores=2)
    >>> for _ in range(4):
    ...     done = cpu.serve(1.0)
    >>> env.run(done)
    >>> env.now                        # four jobs of 1 s on two cores
    2.0
    """

    def __init__(self, env: simpy.Environment, cores: int, contention_ratio: float = 0.0) -> None:
        if cores < 1:
            raise ValueError(f"cores must be >= 1, got {cores}")
        if not 0 <= contention_ratio < float("inf"):
            raise ValueError(f"contention_ratio must be >= 0 and finite, got {contention_ratio}")
        self.env = env
        self.cores = cores
        self.contention_ratio = contention_ratio
        self.asked_s = 0.0
        self.done_s = 0.0
        self._virtual_s = 0.0
        self._since_s = env.now
        self._jobs: list[tuple[float, int, simpy.Event]] = []
        self._number = 0
        self._alarm = 0

    @property
    def jobs(self) -> int:
        """How many jobs are in service now."""
        return len(self._jobs)

    def rate(self, jobs: int) -> float:
        """CPU seconds that each of `jobs` jobs receives in one second."""
        busy = min(jobs, self.cores)
        return busy / jobs / (1 + self.contention_ratio * (busy - 1)) if jobs else 0.0

    def serve(self, demand_s: float) -> simpy.Event:
        """Ask for `demand_s` CPU seconds; the event happens when they have been given."""
        if not 0 <= demand_s < float("inf"):
            raise ValueError(f"demand_s must be >= 0 and finite, got {demand_s}")
        done = self.env.event()
        if demand_s == 0:
            return done.succeed()
        self._advance()
        self.asked_s += demand_s
        self._number += 1
        # The number breaks ties: events cannot be compared, and first come ends first.
        heappush(self._jobs, (self._virtual_s + demand_s, self._number, done))
        self._set_alarm()
        return done

    def check(self) -> None:
        """Law: work is conserved. Whatever was asked for was given or is still owed."""
        self._advance()
        owed_s = sum(end_s - self._virtual_s for end_s, _, _ in self._jobs)
        lost_s = self.asked_s - self.done_s - owed_s
        if abs(lost_s) > 1e-9 * max(1.0, self.asked_s):
            raise ModelBroken(f"{lost_s:+} CPU seconds unaccounted for")

    def _advance(self) -> None:
        """Give every job its share of the time since the last change."""
        gained_s = (self.env.now - self._since_s) * self.rate(self.jobs)
        self._move(gained_s)
        self._since_s = self.env.now

    def _move(self, gained_s: float) -> None:
        self._virtual_s += gained_s
        self.done_s += gained_s * self.jobs

    def _set_alarm(self) -> None:
        """Wake up when the next job ends; alarms set before are void."""
        self._alarm += 1
        if not self._jobs:
            self._virtual_s = 0.0  # an idle processor forgets: keeps the floats small and exact
            return
        left_s = max(0.0, self._jobs[0][0] - self._virtual_s)
        timeout = self.env.timeout(left_s / self.rate(self.jobs), value=self._alarm)
        timeout.callbacks.append(self._ring)

    def _ring(self, timeout: simpy.Event) -> None:
        """End every job that is due, unless the alarm has been overtaken by an arrival."""
        if timeout.value != self._alarm:
            return
        # Not `_advance`: the clock's rounding must not leave the first job a hair short.
        self._move(max(0.0, self._jobs[0][0] - self._virtual_s))
        self._since_s = self.env.now
        while self._jobs and self._jobs[0][0] <= self._virtual_s:
            heappop(self._jobs)[2].succeed()
        self._set_alarm()
