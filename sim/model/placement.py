"""Which host gets the next instance: by the memory that is free on each, O(log n) for n hosts.

`first_fit` takes the first host with room, and keeps the last ones empty; `best_fit` the fullest
one that still has room, which leaves large holes for large instances; `spread` the emptiest one,
for the least contention. Hosts that are down have no room.

First fit and spread descend a tree of maxima, O(log n). Best fit keeps the hosts in order of their
free memory: the search is O(log n), a change moves a part of the list, in one piece.
Source: D. E. Knuth, "The Art of Computer Programming" 1, section 2.5; tree: D. S. Johnson, "Fast
algorithms for bin packing", J. Computer and System Sciences 8(3), 1974.
"""

from bisect import bisect_left, insort
from collections.abc import Callable, Sequence
from typing import Protocol

NO_ROOM = -1.0


class Placement(Protocol):
    """What knows how much is free on each host."""

    free_mib: list[float]

    def find(self, need_mib: float) -> int | None:
        """The number of the host to take, or None if there is no room."""
        ...

    def change(self, host: int, free_mib: float) -> None:
        """From now on `free_mib` is free on `host`."""
        ...


class _Tree:
    """What is free on each host, and above each two the larger of both."""

    def __init__(self, free_mib: Sequence[float]) -> None:
        self.free_mib = list(free_mib)
        self._leaves = 1 << max(0, len(free_mib) - 1).bit_length()
        self._most = [NO_ROOM] * self._leaves + self.free_mib
        self._most += [NO_ROOM] * (2 * self._leaves - len(self._most))
        for at in range(self._leaves - 1, 0, -1):
            self._most[at] = max(self._most[2 * at], self._most[2 * at + 1])

    def change(self, host: int, free_mib: float) -> None:
        """From now on `free_mib` is free on `host`."""
        self.free_mib[host] = free_mib
        most, at = self._most, host + self._leaves
        most[at] = free_mib
        while at > 1:
            at //= 2
            left, right = most[2 * at], most[2 * at + 1]
            larger = left if left >= right else right
            if most[at] == larger:
                return
            most[at] = larger

    def _first_with(self, free_mib: float) -> int | None:
        """The first host that has at least so much."""
        most, at = self._most, 1
        if most[1] < free_mib:
            return None
        while at < self._leaves:
            at *= 2
            if most[at] < free_mib:
                at += 1
        return at - self._leaves


class FirstFit(_Tree):
    """The first host that has room.

    >>> hosts = FirstFit([3.0, 8.0, 8.0])
    >>> hosts.find(4.0), hosts.find(9.0)
    (1, None)
    """

    def find(self, need_mib: float) -> int | None:
        """The number of the host to take, or None if there is no room."""
        return self._first_with(need_mib)


class Spread(_Tree):
    """The emptiest host.

    >>> Spread([3.0, 8.0, 8.0]).find(4.0)
    1
    """

    def find(self, need_mib: float) -> int | None:
        """The number of the host to take, or None if there is no room."""
        return self._first_with(self._most[1]) if self._most[1] >= need_mib else None


class BestFit:
    """The fullest host that has room, of equal ones the first.

    >>> BestFit([3.0, 9.0, 8.0]).find(4.0)
    2
    """

    def __init__(self, free_mib: Sequence[float]) -> None:
        self.free_mib = list(free_mib)
        self._order = sorted((free, host) for host, free in enumerate(self.free_mib))

    def change(self, host: int, free_mib: float) -> None:
        """From now on `free_mib` is free on `host`."""
        del self._order[bisect_left(self._order, (self.free_mib[host], host))]
        self.free_mib[host] = free_mib
        insort(self._order, (free_mib, host))

    def find(self, need_mib: float) -> int | None:
        """The number of the host to take, or None if there is no room."""
        at = bisect_left(self._order, (need_mib, -1))
        return self._order[at][1] if at < len(self._order) else None


POLICIES: dict[str, Callable[[Sequence[float]], Placement]] = {
    "first_fit": FirstFit,
    "best_fit": BestFit,
    "spread": Spread,
}
