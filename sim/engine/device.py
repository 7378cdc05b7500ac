"""A disk or a link: a device whose time is shared by bandwidth and by operations.

A transfer of `mib` in `operations` requests occupies the device for

    mib / mib_per_s + operations / operations_per_s

seconds, the linear cost model that the Linux kernel charges requests by; those inside share its
time by weight, each up to `stream_ratio` of it: what one stream alone can use, because it waits for
one answer before it asks for more (queue depth, window of a connection). For a link, an operation
is a packet. How long a signal travels is waiting, and not in here.

Sources: T. Heo et al., "IOCost: block IO control for containers in datacenters", ASPLOS 2022;
Linux, Documentation/admin-guide/cgroup-v2.rst, `io.cost.model`. Sharing: `sim.engine.sharing`.
"""

from math import inf

import simpy

from sim.engine.sharing import Shared


class Device(Shared):
    """`transfer(mib, operations)` is an event that happens when everything has been moved.

    >>> env = simpy.Environment()
    >>> disk = Device(env, mib_per_s=100, operations_per_s=1000)
    >>> env.run(disk.transfer(50, operations=250))
    >>> env.now
    0.75
    """

    def __init__(
        self,
        env: simpy.Environment,
        mib_per_s: float,
        operations_per_s: float = inf,
        stream_ratio: float = 1.0,
    ) -> None:
        if not (mib_per_s > 0 and operations_per_s > 0):
            raise ValueError(f"rates must be > 0, got {mib_per_s} and {operations_per_s}")
        if not 0 < stream_ratio <= 1:
            raise ValueError(f"stream_ratio must be in (0, 1], got {stream_ratio}")
        super().__init__(env, 1.0)
        self.mib_per_s = mib_per_s
        self.operations_per_s = operations_per_s
        self.stream_ratio = stream_ratio

    def cost_s(self, mib: float, operations: float = 0.0) -> float:
        """Seconds of the device's own time."""
        if not (mib >= 0 and operations >= 0):
            raise ValueError(f"mib and operations must be >= 0, got {mib} and {operations}")
        return mib / self.mib_per_s + operations / self.operations_per_s

    def transfer(self, mib: float, operations: float = 0.0, weight: float = 1.0) -> simpy.Event:
        """Move `mib` in `operations` requests, sharing the device with whoever else is there."""
        cost_s = self.cost_s(mib, operations)
        if cost_s == 0:
            return self.env.event().succeed()
        return self.ask(cost_s, weight, self.stream_ratio)
