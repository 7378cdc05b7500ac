"""A capacity that is shared by weight, up to a cap for each: the core of processor, disk and link.

`capacity` units of work a second are shared by the jobs inside, job j with weight w_j and cap c_j:

    r_j = e * min(c_j, theta * w_j)         with theta such that   sum of min(c_j, theta * w_j) = B
    B   = min(capacity, C), C = sum of c_j  nothing idles while somebody could use it
    1/e = (1 + contention_ratio * (max(B, 1) - 1)) * (1 + turns_ratio * (1 - B / C))

This is weighted max-min fairness ("water filling"). With equal weights, caps of 1 and capacity 1
it is the textbook's processor sharing. The first factor of 1/e is the first term of Gunther's
Universal Scalability Law: units that are busy at the same time slow each other down. The second is
what turns cost: where C / B jobs take turns at a unit, each finds in its caches what the others
have left of its own, the less the more they are.

Nothing is cut into time slices. Jobs with the same k = c_j / w_j are served alike, so a *virtual
time* V_k with dV_k/dt = e(B) * min(k, theta) is enough for all of them: a job that finds V_k = v
leaves when V_k = v + demand / w_j. One heap for each k, exact, O(log n) an event for n jobs and
O(m) for m different k: a handful, as weights and caps come from few kinds of instances.

One alarm is set for the next end. When that end moves back, the alarm rings too early and is set
again; only when it moves forward, a new one is needed.

Sources: L. Kleinrock, "Time-shared systems: a theoretical treatment", J. ACM 14(2), 1967;
A. Parekh, R. Gallager, "A generalized processor sharing approach to flow control", IEEE/ACM
Trans. Networking 1(3), 1993 (virtual time); D. Bertsekas, R. Gallager, "Data Networks", 1992,
section 6.5.2 (max-min fairness); N. J. Gunther, "Guerrilla Capacity Planning", Springer 2007;
J. C. Mogul, A. Borg, "The effect of context switches on cache performance", ASPLOS 1991.
"""

from heapq import heappop, heappush
from math import fsum, inf

import simpy

from sim.engine.events import Alarm, happen
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

    def leave_until(self, virtual: float) -> list[Job]:
        """Take out the jobs that end until then; those that have been cancelled go on the way."""
        jobs, due = self.jobs, []
        while jobs and (jobs[0][0] <= virtual or jobs[0][2].alike is None):
            job = heappop(jobs)[2]
            if job.alike is not None:
                job.alike = None
                self.weight -= job.weight
                due.append(job)
        if not jobs:
            # Idle, it begins anew: keeps the floats small and exact.
            self.virtual = self.weight = self.rate = 0.0
        return due


class Shared:
    """`capacity` units a second; `ask(demand)` is an event that happens when it has been given.

    >>> env = simpy.Environment()
    >>> line = Shared(env, capacity=3.0)
    >>> slow, fast = line.ask(2.0, weight=1, cap=3), line.ask(4.0, weight=2, cap=6)
    >>> env.run(slow & fast) and env.now    # they get 1 and 2 of the 3 units a second
    2.0
    """

    def __init__(
        self,
        env: simpy.Environment,
        capacity: float,
        contention_ratio: float = 0.0,
        turns_ratio: float = 0.0,
    ) -> None:
        if not 0 < capacity < inf:
            raise ValueError(f"capacity must be > 0 and finite, got {capacity}")
        for name, ratio in (("contention_ratio", contention_ratio), ("turns_ratio", turns_ratio)):
            if not 0 <= ratio < inf:
                raise ValueError(f"{name} must be >= 0 and finite, got {ratio}")
        self.env = env
        self.capacity = capacity
        self.contention_ratio = contention_ratio
        self.turns_ratio = turns_ratio
        self.asked = self.done = 0.0  # units of work, since the beginning
        self.jobs = 0  # how many are inside now
        self._power = 0.0  # units a second that all of them get together
        self._since_s = env.now
        self._kinds: dict[float, _Alike] = {}
        self._only: _Alike | None = None  # the one kind, while nobody hinders another
        self._number = 0
        self._next: _Alike | None = None  # whose first job ends next, and when
        self._due_s = self._alarm_s = inf
        self._alarm = Alarm(env, self._ring)
        self._busy = False  # somebody is being told; rates are settled afterwards

    def ask(self, demand: float, weight: float = 1.0, cap: float = 1.0) -> Job:
        """Ask for `demand` units; the event happens when they have been given."""
        if not 0 < demand < inf:
            raise ValueError(f"demand must be > 0 and finite, got {demand}")
        alike = self._kinds.get(cap / weight) if weight > 0 else None
        if alike is None:
            alike = self._new_kind(weight, cap)
        now_s = self.env.now
        if now_s > self._since_s:
            if self.jobs:
                self._advance()
            self._since_s = now_s
        job = Job(self.env, demand, weight, alike)
        self.asked += demand
        self.jobs += 1
        self._number += 1
        alike.weight += weight
        # The number breaks ties: events cannot be compared, and first come ends first.
        heappush(alike.jobs, (job.end, self._number, job))
        if not self._busy:
            self._settle(now_s)
        return job

    def _new_kind(self, weight: float, cap: float) -> _Alike:
        if not (0 < weight < inf and 0 < cap < inf):
            raise ValueError(f"weight and cap must be > 0 and finite, got {weight} and {cap}")
        alike = self._kinds[cap / weight] = _Alike(cap / weight)
        hinder = self.contention_ratio or self.turns_ratio
        self._only = None if len(self._kinds) > 1 or hinder else alike
        return alike

    def cancel(self, job: Job) -> float:
        """Take `job` out before its end, if it is still inside; the work it had left to do.

        Its event never happens: whoever cancels has to know who waits for it.
        """
        if job.alike is None:
            return 0.0
        self._advance()
        left = max(0.0, job.end - job.alike.virtual) * job.weight
        self.asked -= left
        self.jobs -= 1
        job.alike.weight -= job.weight
        alike, job.alike = job.alike, None
        alike.leave_until(-inf)
        if not self._busy:
            self._settle(self.env.now)
        return left

    def resize(self, capacity: float) -> None:
        """From now on there are `capacity` units a second."""
        if not 0 < capacity < inf:
            raise ValueError(f"capacity must be > 0 and finite, got {capacity}")
        self._advance()
        self.capacity = capacity
        if not self._busy:
            self._settle(self.env.now)

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

    def _settle(self, now_s: float) -> None:
        """Who gets how much from now on, and when is the next end?"""
        if not self.jobs:
            self._power, self._next, self._due_s = 0.0, None, inf
            return
        alike = self._only
        if alike is not None:
            # The same as in `_share` where all jobs are alike: most of the time goes into this.
            self._next, self._power = alike, alike.ratio * alike.weight
            alike.rate = alike.ratio
            if self._power > self.capacity:
                self._power, alike.rate = self.capacity, self.capacity / alike.weight
            first_s = (alike.jobs[0][0] - alike.virtual) / alike.rate
        else:
            first_s = self._share()
        if first_s < 0.0:
            first_s = 0.0
        self._due_s = now_s + first_s
        if self._due_s < self._alarm_s:
            self._set_alarm(first_s)

    def _share(self) -> float:
        """Water filling: caps that are reached first are taken first. How long to the next end?"""
        kinds = sorted([alike for alike in self._kinds.values() if alike.jobs], key=_ratio)
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
        if self.turns_ratio:
            wanted = fsum([alike.ratio * alike.weight for alike in kinds])
            slow *= 1 + self.turns_ratio * (1 - busy / wanted) if wanted else 1.0
        self._power = busy / slow
        first_s = inf
        for alike in kinds:
            alike.rate = min(alike.ratio, level) / slow
            left_s = (alike.jobs[0][0] - alike.virtual) / alike.rate
            if left_s < first_s:
                first_s, self._next = left_s, alike
        return first_s

    def _set_alarm(self, delay_s: float) -> None:
        self._alarm_s = self._due_s
        if self._alarm.callbacks is not None:  # set for later: it will ring in vain
            self._alarm = Alarm(self.env, self._ring)
        self._alarm.set(delay_s)

    def _ring(self, alarm: simpy.Event) -> None:
        """End every job that is due, unless the alarm has been overtaken by events."""
        if alarm is not self._alarm:
            return
        self._alarm_s = inf
        now_s, alike = self.env.now, self._next
        if alike is None:
            return
        if now_s < self._due_s:
            self._set_alarm(self._due_s - now_s)
            return
        if self._only is None:
            self._advance()
        self._since_s = now_s
        # The clock's rounding must not leave the first job a hair short, nor serve it too much.
        virtual = alike.jobs[0][0]
        self.done += (virtual - alike.virtual) * alike.weight
        alike.virtual = virtual
        due = alike.leave_until(virtual)
        self.jobs -= len(due)
        self._busy = True
        for job in due:
            happen(job)
        self._busy = False
        self._settle(now_s)


def _ratio(alike: _Alike) -> float:
    return alike.ratio
