"""A lock of the kernel: first come first served, and dearer the more wait for it.

Who takes the lock while w others wait holds it for

    hold_s * (1 + growth_ratio * min(w, most_spinning))

A ticket spin lock is handed over through one cache line, and every waiting core reads it once
more, so the time for that grows with their number; no more can spin than there are other cores.
With `growth_ratio = 0` it is a mutex. The hold is a time, not work for the processor: what the
holder computes meanwhile belongs to a stage's CPU seconds.

One event a hold: the lock hands itself over when a hold ends.

Source: S. Boyd-Wickizer, M. F. Kaashoek, R. Morris, N. Zeldovich, "Non-scalable locks are
dangerous", Ottawa Linux Symposium 2012. Closed forms: `theory.lock_makespan_s` for arrivals
together, `theory.lock_sojourn_s` for Poisson arrivals.
"""

from collections import deque
from math import inf

import simpy

from sim.engine.events import Alarm, happen


class KernelLock:
    """`hold(hold_s)` is an event that happens when the lock is let go again.

    >>> env = simpy.Environment()
    >>> lock = KernelLock(env, growth_ratio=0.5)
    >>> first, second, third = lock.hold(1.0), lock.hold(1.0), lock.hold(1.0)
    >>> env.run(third)                  # 1 s as nobody waited yet, 1.5 s with one behind, 1 s
    >>> env.now
    3.5
    """

    def __init__(
        self, env: simpy.Environment, growth_ratio: float = 0.0, most_spinning: float = inf
    ) -> None:
        if not (0 <= growth_ratio < inf and most_spinning >= 0):
            raise ValueError(
                f"growth_ratio, most_spinning must be >= 0, got {growth_ratio} and {most_spinning}"
            )
        self.env = env
        self.growth_ratio = growth_ratio
        self.most_spinning = most_spinning
        self.held_s = 0.0  # for how long it has been or will be held by those that had their turn
        self._holder: simpy.Event | None = None
        self._alarm = Alarm(env, self._let_go)
        self._waiting: deque[tuple[float, simpy.Event]] = deque()

    @property
    def waiting(self) -> int:
        """How many wait for their turn."""
        return len(self._waiting)

    def hold(self, hold_s: float) -> simpy.Event:
        """Wait for the lock, hold it, let it go."""
        if not 0 <= hold_s < inf:
            raise ValueError(f"hold_s must be >= 0 and finite, got {hold_s}")
        over = self.env.event()
        if self._holder is None:
            self._take(hold_s, over)
        else:
            self._waiting.append((hold_s, over))
        return over

    def _take(self, hold_s: float, over: simpy.Event) -> None:
        self._holder = over
        if self.growth_ratio:
            spinning = min(len(self._waiting), self.most_spinning)
            hold_s *= 1 + self.growth_ratio * spinning
        self.held_s += hold_s
        self._alarm.set(hold_s)

    def _let_go(self, alarm: simpy.Event) -> None:
        over, self._holder = self._holder, None
        assert over is not None
        if self._waiting:
            self._take(*self._waiting.popleft())
        happen(over)
