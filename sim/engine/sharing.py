"""A capacity that is shared by weight, up to a cap for each: the core of processor, disk and link.

`capacity` units of work a second are shared by the jobs inside, job j with weight w_j and cap c_j:

    r_j = e(B) * min(c_j, theta * w_j)      with theta such that   sum of min(c_j, theta * w_j) = B
    B   = min(capacity, sum of c_j)         nothing idles while somebody could use it
    e(B) = 1 / (1 + contention_ratio * (max(B, 1) - 1))

This is weighted max-min fairness ("water filling"). With equal weights, caps of 1 and capacity 1
it is the textbook's processor sharing. e(B) is the first term of Gunther's Universal Scalability
Law: units that are busy at the same time slow each other down.

Nothing is cut into time slices. Jobs with the same k = c_j / w_j are served alike, so a *virtual
time* V_k with dV_k/dt = e(B) * min(k, theta) is enough for all of them: a job that finds V_k = v
leaves when V_k = v + demand / w_j. One heap for each k, exact, O(log n) an event for n jobs and
O(m) for m different k: a handful, as weights and caps come from few kinds of instances.

One alarm is set for the next end. When that end moves back, the alarm rings too early and is set
again; only when it moves forward, a new one is needed.

Sources: L. Kleinrock, "Time-shared systems: a theoretical treatment", J. ACM 14(2), 1967;
A. Parekh, R. Gallager, "A generalized processor sharing approach to flow control", IEEE/ACM
Trans. Networking 1(3), 1993 (virtual time); D. Bertsekas, R. Gallager, "Data Networks", 1992,
section 6.5.2 (max-min fairness); N. J. Gunther, "Guerrilla Capacity Planning", Springer 2007.
"""

from heapq import heappop, heappush
from math import fsum, inf

import simpy

from sim.engine.events import happen
from sim.errors import ModelBroken


class Job(simpy.Event):
    """Work in progress; as an event it happens when the work is done."""

    def __init__(self, env: simpy.Environment, demand: float, weight: float, alike: "_Alike"):
        # As SimPy's own events do, without a call of Event.__init__: there are many of these.
        self.env = env
        self.callbacks = []
        self.weight = weight
        self.alike: _Alike | None = alike  # None: it has left
        self.end = alike.virtual + demand / weight


class _Alike:
    """Jobs with the same cap / weight, and their virtual time."""

    __slots__ = ("jobs", "rate", "ratio", "virtual", "weight")

    def __init__(self, ratio: float) -> None:
        self.ratio = ratio
        self.virtual = 0.0
        self.rate = 0.0  # how fast virtual time passes
        self.weight = 0.0  # of all jobs that are inside
        self.jobs: list[tuple[float, int, Job]] = []


class Shared:
    """`capacity` units a second; `ask(demand)` is an event that happens when it has been given.

    >>> env = simpy.Environment()
    >>> line = Shared(env, capacity=3.0)
    >>> slow, fast = line.ask(2.0, weight=1, cap=3), line.ask(4.0, weight=2, cap=6)
    >>> env.run(slow & fast) and env.now    # they get 1 and 2 of the 3 units a second
    2.0
    """

    def __init__(
        self, env: simpy.Environment, capacity: float, contention_ratio: float = 0.0
    ) -> None:
        if not 0 < capacity < inf:
            raise ValueError(f"capacity must be > 0 and finite, got {capacity}")
        if not 0 <= contention_ratio < inf:
            raise ValueError(f"contention_ratio must be >= 0 and finite, got {contention_ratio}")
        self.env = env
        self.capacity = capacity
        self.contention_ratio = contention_ratio
        self.asked = self.done = 0.0  # units of work, since the beginning
        self.jobs = 0  # how many are inside now
        self._power = 0.0  # units a second that all of them get together
        self._since_s = env.now
        self._kinds: dict[float, _Alike] = {}
        self._number = 0
        self._next: _Alike | None = None  # whose first job ends next, and when
        self._due_s = self._alarm_s = inf
        self._alarm: simpy.Event | None = None
        self._busy = False  # somebody is being told; rates are settled afterwards

    def ask(self, demand: float, weight: float = 1.0, cap: float = 1.0) -> Job:
        """Ask for `demand` units; the event happens when they have been given."""
        if not 0 < demand < inf:
            raise ValueError(f"demand must be > 0 and finite, got {demand}")
        if not (0 < weight < inf and 0 < cap < inf):
            raise ValueError(f"weight and cap must be > 0 and finite, got {weight} and {cap}")
        self._advance()
        ratio = cap / weight
        alike = self._kinds.get(ratio)
        if alike is None:
            alike = self._kinds[ratio] = _Alike(ratio)
        job = Job(self.env, demand, weight, alike)
        self.asked += demand
        self.jobs += 1
        self._number += 1
        alike.weight += weight
        # The number breaks ties: events cannot be compared, and first come ends first.
        heappush(alike.jobs, (job.end, self._number, job))
        self._settle()
        return job

    def cancel(self, job: Job) -> float:
        """Take `job` out before its end, if it is still inside; the work it had left to do.

        Its event never happens: whoever cancels has to know who waits for it.
        """
        if job.alike is None:
            return 0.0
        self._advance()
        left = max(0.0, job.end - job.alike.virtual) * job.weight
        self.asked -= left
        self._leave(job)
        self._settle()
        return left

    def check(self) -> None:
        """Law: work is conserved. Whatever was asked for was given or is still owed."""
        self._advance()
        owed = fsum(
            (job.end - alike.virtual) * job.weight
            for alike in self._kinds.values()
            for _, _, job in alike.jobs
            if job.alike is not None
        )
        lost = self.asked - self.done - owed
        if abs(lost) > 1e-9 * max(1.0, self.asked):
            raise ModelBroken(f"{lost:+} units of work unaccounted for")

    def _advance(self) -> None:
        """Give every job its share of the time since the last change."""
        passed_s = self.env.now - self._since_s
        if passed_s:
            self.done += self._power * passed_s
            self._since_s = self.env.now
            for alike in self._kinds.values():
                alike.virtual += alike.rate * passed_s

    def _leave(self, job: Job) -> None:
        """Count `job` out. Its entry in the heap goes when it comes to the top."""
        alike = job.alike
        assert alike is not None
        job.alike = None
        self.jobs -= 1
        alike.weight -= job.weight
        while alike.jobs and alike.jobs[0][2].alike is None:
            heappop(alike.jobs)
        if not alike.jobs:
            # An idle kind is forgotten: keeps the floats small and exact.
            del self._kinds[alike.ratio]

    def _settle(self) -> None:
        """Who gets how much from now on, and when is the next end?"""
        if self._busy:
            return
        kinds = list(self._kinds.values())
        if not kinds:
            self._power, self._next, self._due_s = 0.0, None, inf
            return
        self._share(kinds)
        first_s = inf
        for alike in kinds:
            left_s = (alike.jobs[0][0] - alike.virtual) / alike.rate
            if left_s < first_s:
                first_s, self._next = left_s, alike
        if first_s < 0.0:
            first_s = 0.0
        self._due_s = self.env.now + first_s
        if self._due_s < self._alarm_s:
            self._set_alarm(first_s)

    def _share(self, kinds: list[_Alike]) -> None:
        """Water filling: caps that are reached first are taken first."""
        weight = kinds[0].weight
        if len(kinds) > 1:
            kinds.sort(key=_ratio)
            weight = fsum([alike.weight for alike in kinds])
        left, level = self.capacity, inf
        for alike in kinds:
            if alike.ratio * weight > left:
                level, left = left / weight, 0.0
                break
            left -= alike.ratio * alike.weight
            weight -= alike.weight
        busy = self.capacity - left
        slow = 1 + self.contention_ratio * (busy - 1) if busy > 1 else 1.0
        self._power = busy / slow
        for alike in kinds:
            alike.rate = (alike.ratio if alike.ratio < level else level) / slow

    def _set_alarm(self, delay_s: float) -> None:
        self._alarm = self.env.timeout(delay_s)
        self._alarm.callbacks.append(self._ring)
        self._alarm_s = self._due_s

    def _ring(self, alarm: simpy.Event) -> None:
        """End every job that is due, unless the alarm has been overtaken by events."""
        if alarm is not self._alarm:
            return
        self._alarm, self._alarm_s = None, inf
        if self.env.now < self._due_s:
            if self._next is not None:
                self._set_alarm(self._due_s - self.env.now)
            return
        alike = self._next
        assert alike is not None
        self._advance()
        # The clock's rounding must not leave the first job a hair short, nor serve it too much.
        virtual = alike.jobs[0][0]
        self.done += (virtual - alike.virtual) * alike.weight
        alike.virtual = virtual
        self._busy = True
        try:
            while alike.jobs and alike.jobs[0][0] <= virtual:
                job = alike.jobs[0][2]
                self._leave(job)
                happen(job)
        finally:
            self._busy = False
            self._settle()


def _ratio(alike: _Alike) -> float:
    return alike.ratio
