"""Memory: private pages, pages shared by content, reclaim, and more promised than there is.

A holder (an instance) has three kinds of pages beside its own private ones:

- of *files*, by the name of the image layer: in memory once, however many map them. They stay in
  the page cache when the last one that maps them has gone, for as long as nobody needs the room.
- *merged*, by the name of what they hold (the kernel of a guest, the zero page): guests' private
  pages of the same content, counted once, and freed with the last one. That is same-page merging
  when it has caught up; how long scanning takes is not modelled.
- *reclaimable*: what a holder could do without (a guest's own page cache) and gives up when the
  host asks for it, through its balloon.

When room is needed, cached files go first, the least recently used before the others, then
reclaimable pages, of those that have been there longest. What does not fit even so is refused.

`overcommit_ratio` bounds what may be *promised* (the size a guest was given, touched or not):
capacity * overcommit_ratio, as `vm.overcommit_ratio` or a fleet's placement does. A holder that
touches more than there is meets DoesNotFit then, not at its start.

With n holders: used = sum of private + sum over files and contents of their size, once each.
O(1) an operation, apart from the pages that are evicted.

Sources: Linux, Documentation/mm/ksm.rst and overcommit-accounting.rst; C. Waldspurger, "Memory
resource management in VMware ESX server", OSDI 2002 (content-based sharing, ballooning); W. F.
King, "Analysis of demand paging algorithms", IFIP Congress 1971 (hits of least recently used).
"""

from collections import OrderedDict
from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from math import fsum, inf

from sim.errors import DoesNotFit, ModelBroken

NONE: Mapping[str, float] = {}
ROUNDING_MIB = 1e-6


@dataclass(slots=True)
class _Held:
    """What one holder has."""

    private_mib: float = 0.0
    reclaimable_mib: float = 0.0
    promised_mib: float = 0.0
    shared: list[str] = field(default_factory=list)


@dataclass(slots=True)
class _Content:
    """Pages that are in memory once."""

    mib: float
    holders: int
    cached: bool  # stays when nobody holds it


class Memory:
    """`capacity_mib` of memory, who holds how much of it, and what they share.

    >>> memory = Memory(capacity_mib=100)
    >>> for name in ("a", "b"):
    ...     memory.take(name, private_mib=10, files={"layer": 30})
    >>> memory.used_mib
    50.0
    >>> memory.give_back("a"), memory.give_back("b")
    (None, None)
    >>> memory.used_mib, memory.cached_mib      # the layer stays, until somebody needs the room
    (30.0, 30.0)
    >>> memory.take("c", private_mib=80)
    >>> memory.used_mib, memory.cached_mib
    (80.0, 0.0)
    """

    def __init__(self, capacity_mib: float, overcommit_ratio: float = inf) -> None:
        if not capacity_mib > 0:
            raise ValueError(f"capacity_mib must be > 0, got {capacity_mib}")
        if not overcommit_ratio > 0:
            raise ValueError(f"overcommit_ratio must be > 0, got {overcommit_ratio}")
        self.capacity_mib = capacity_mib
        self.overcommit_ratio = overcommit_ratio
        self.used_mib = 0.0
        self.promised_mib = 0.0
        self.cached_mib = 0.0  # part of used: files that nobody maps now
        self.reclaimable_mib = 0.0  # part of used: what holders would give up
        self.reclaimed_mib = 0.0  # evicted from the cache or given up, since the beginning
        self._held: dict[Hashable, _Held] = {}
        self._contents: dict[str, _Content] = {}
        self._cache: OrderedDict[str, float] = OrderedDict()
        self._givers: OrderedDict[Hashable, None] = OrderedDict()

    @property
    def free_mib(self) -> float:
        """What could be taken now without asking anybody to give something up."""
        return self.capacity_mib - self.used_mib + self.cached_mib

    def holds(self, content: str) -> bool:
        """Whether these pages are in memory, mapped or only cached."""
        return content in self._contents

    def take(
        self,
        holder: Hashable,
        private_mib: float = 0.0,
        *,
        reclaimable_mib: float = 0.0,
        files: Mapping[str, float] = NONE,
        merged: Mapping[str, float] = NONE,
        promised_mib: float = 0.0,
    ) -> None:
        """Give `holder` pages, in addition to what it has; load what it shares and nobody has yet.

        Raises DoesNotFit, and changes nothing, if the host is too small or has promised too much.
        """
        own_mib = private_mib + reclaimable_mib
        need_mib, pinned_mib = own_mib, 0.0
        smallest_mib = min(private_mib, reclaimable_mib, promised_mib)
        for contents in (files, merged):
            for name, mib in contents.items():
                smallest_mib = min(smallest_mib, mib)
                if name not in self._contents:
                    need_mib += mib
                elif name in self._cache:
                    pinned_mib += self._cache[name]
        if not smallest_mib >= 0:
            raise ValueError(f"memory must be >= 0 MiB, got {smallest_mib}")
        self._check_room(holder, need_mib, pinned_mib, promised_mib)
        own = self._held.get(holder)
        if own is None:
            own = self._held[holder] = _Held()
        if files or merged:
            self._map_all(own, files, merged)
        self._reclaim(self.used_mib + own_mib - self.capacity_mib)
        own.private_mib += private_mib
        own.promised_mib += promised_mib
        self.promised_mib += promised_mib
        self.used_mib += own_mib
        if reclaimable_mib:
            own.reclaimable_mib += reclaimable_mib
            self.reclaimable_mib += reclaimable_mib
            self._givers[holder] = None

    def give_back(self, holder: Hashable) -> None:
        """Free all that `holder` has alone; files that it mapped stay cached, contents do not."""
        own = self._held.pop(holder)
        self.promised_mib -= own.promised_mib
        self.used_mib -= own.private_mib + own.reclaimable_mib
        self.reclaimable_mib -= own.reclaimable_mib
        self._givers.pop(holder, None)
        for name in own.shared:
            content = self._contents[name]
            content.holders -= 1
            if content.holders:
                continue
            if content.cached:
                self._cache[name] = content.mib
                self.cached_mib += content.mib
            else:
                del self._contents[name]
                self.used_mib -= content.mib

    def drop_cache(self) -> None:
        """Forget all files that nobody maps."""
        self._reclaim_cache(inf)

    def check(self) -> None:
        """Law: every MiB in use is private to a holder or belongs to one content."""
        mine = fsum(own.private_mib + own.reclaimable_mib for own in self._held.values())
        shared = fsum(content.mib for content in self._contents.values())
        lost_mib = self.used_mib - mine - shared
        if abs(lost_mib) > ROUNDING_MIB * max(1.0, self.used_mib):
            raise ModelBroken(f"{lost_mib:+} MiB unaccounted for")
        if self.used_mib > self.capacity_mib + ROUNDING_MIB:
            raise ModelBroken(f"{self.used_mib} of {self.capacity_mib} MiB in use")

    def _check_room(
        self, holder: Hashable, need_mib: float, pinned_mib: float, promised_mib: float
    ) -> None:
        """Raise DoesNotFit; what is about to be mapped again is pinned, and cannot make room."""
        fixed_mib = self.used_mib - (self.cached_mib - pinned_mib + self.reclaimable_mib)
        if fixed_mib + need_mib > self.capacity_mib:
            raise DoesNotFit(
                f"{holder} needs {need_mib:.4g} MiB more, but"
                f" {fixed_mib:.4g} of {self.capacity_mib:.4g} MiB are in use"
            )
        most_mib = self.capacity_mib * self.overcommit_ratio
        if promised_mib and self.promised_mib + promised_mib > most_mib:
            raise DoesNotFit(
                f"{holder} is to be promised {promised_mib:.4g} MiB, but {self.promised_mib:.4g}"
                f" of the {most_mib:.4g} MiB that may be promised already are"
            )

    def _map_all(self, own: _Held, files: Mapping[str, float], merged: Mapping[str, float]) -> None:
        """Map what is here already first: it must not be evicted to make room for the rest."""
        for here in (True, False):
            for contents, cached in ((files, True), (merged, False)):
                for name, mib in contents.items():
                    if (name in self._contents) == here:
                        self._map(own, name, mib, cached)

    def _map(self, own: _Held, name: str, mib: float, cached: bool) -> None:
        """One more holder of this content, if it is not one already."""
        if name in own.shared:
            return
        content = self._contents.get(name)
        if content is None:
            self._reclaim(self.used_mib + mib - self.capacity_mib)
            content = self._contents[name] = _Content(mib, 0, cached)
            self.used_mib += mib
        elif name in self._cache:
            self.cached_mib -= self._cache.pop(name)
        content.holders += 1
        own.shared.append(name)

    def _reclaim(self, need_mib: float) -> None:
        """Make `need_mib` of room: cached files first, then what holders would give up."""
        if need_mib <= 0:
            return
        need_mib = self._reclaim_cache(need_mib)
        while need_mib > 0 and self._givers:
            giver = next(iter(self._givers))
            own = self._held[giver]
            given_mib = min(need_mib, own.reclaimable_mib)
            own.reclaimable_mib -= given_mib
            if not own.reclaimable_mib:
                del self._givers[giver]
            self.reclaimable_mib -= given_mib
            self.used_mib -= given_mib
            self.reclaimed_mib += given_mib
            need_mib -= given_mib

    def _reclaim_cache(self, need_mib: float) -> float:
        """Evict whole files, least recently used first; what is still needed after it."""
        while need_mib > 0 and self._cache:
            name, mib = self._cache.popitem(last=False)
            del self._contents[name]
            self.cached_mib -= mib
            self.used_mib -= mib
            self.reclaimed_mib += mib
            need_mib -= mib
        return need_mib
