"""Stations under random arrivals, and the interval that a closed form has to lie in."""

from collections.abc import Callable, Iterator
from math import sqrt
from statistics import mean, stdev

import simpy

from sim.engine.streams import stream

REPEATS, CUSTOMERS = 20, 2000
ERRORS = 5  # standard errors: by chance alone, one comparison in ten thousand would be off


def agree(found: list[float], expected: float) -> None:
    """Fails unless `expected` lies within the interval around the mean of independent repeats."""
    error = stdev(found) / sqrt(len(found))
    assert abs(mean(found) - expected) <= ERRORS * error + 1e-9 * abs(expected)


def poisson(per_s: float, repeat: int, customers: int = CUSTOMERS) -> list[float]:
    """When customers arrive."""
    luck, at_s, times = stream(7, "gaps", repeat), 0.0, []
    for _ in range(customers):
        at_s += luck.expovariate(per_s)
        times.append(at_s)
    return times


def sojourns(
    arrivals_s: list[float], visit: Callable[[simpy.Environment], Callable[[int], Iterator]]
) -> list[float]:
    """Time from arrival to departure of each; `visit(env)(i)` is what customer i goes through."""
    env = simpy.Environment()
    go = visit(env)
    found = [0.0] * len(arrivals_s)

    def customer(at: int):
        yield env.timeout(arrivals_s[at])
        yield from go(at)
        found[at] = env.now - arrivals_s[at]

    for at in range(len(arrivals_s)):
        env.process(customer(at))
    env.run()
    return found
