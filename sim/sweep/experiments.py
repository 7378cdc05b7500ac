"""What can be swept: one replication of an experiment as a few numbers. Standard library only."""

from collections.abc import Callable
from statistics import median, quantiles
from typing import NamedTuple

from sim.experiments.storm import one_storm
from sim.profiles import Profile

Replication = Callable[[Profile, str, int, int, int], tuple[float, ...]]


class Experiment(NamedTuple):
    """Names of the numbers, and the function that makes them.

    `run(profile, isolation, n, replication, seed)`: randomness is named by seed and replication
    alone, so every point of a grid meets the same luck (common random numbers), wherever it runs.
    """

    quantities: tuple[str, ...]
    run: Replication


def storm(
    profile: Profile, isolation: str, n: int, replication: int, seed: int
) -> tuple[float, ...]:
    """`n` starts at once: when the last is ready, and the median and 95th percentile of all."""
    ready_s = one_storm(profile, profile[isolation], n, replication, seed)
    p95_s = quantiles(ready_s, n=20, method="inclusive")[-1] if n > 1 else ready_s[0]
    return max(ready_s), median(ready_s), p95_s


EXPERIMENTS = {"storm": Experiment(("makespan_s", "p50_s", "p95_s"), storm)}
