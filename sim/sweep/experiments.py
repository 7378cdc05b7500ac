"""What can be swept: one replication of an experiment as a few numbers. Standard library only."""

from statistics import median, quantiles

from sim.experiments.all import QUESTIONS
from sim.experiments.storm import one_storm
from sim.profiles import Profile

STORM = "storm"
STORM_QUANTITIES = ("makespan_s", "p50_s", "p95_s")
NAMES = (STORM, *QUESTIONS)
APART = 1_000_003  # seeds of two sweeps are so far apart that their replications never meet


def replicate(
    experiment: str, profile: Profile, isolation: str, n: int, replication: int, seed: int
) -> dict[str, float]:
    """The numbers of one replication, by name.

    Randomness is named by seed and replication alone: every point of a grid meets the same luck
    (common random numbers), wherever it runs.
    """
    if experiment == STORM:
        return storm(profile, isolation, n, replication, seed)
    answers = QUESTIONS[experiment](profile, isolation, seed=seed * APART + replication)
    return {f"{a.quantity}, {a.case}" if a.case else a.quantity: a.value for a in answers}


def storm(
    profile: Profile, isolation: str, n: int, replication: int, seed: int
) -> dict[str, float]:
    """`n` starts at once: when the last is ready, and the median and 95th percentile of all."""
    ready_s = one_storm(profile, profile[isolation], n, replication, seed)
    p95_s = quantiles(ready_s, n=20, method="inclusive")[-1] if n > 1 else ready_s[0]
    return dict(zip(STORM_QUANTITIES, (max(ready_s), median(ready_s), p95_s), strict=True))


def quantities(experiment: str, profile: Profile, isolation: str) -> tuple[str, ...]:
    """The names of what `replicate` gives; of a question, what it answers the first time."""
    if experiment == STORM:
        return STORM_QUANTITIES
    return tuple(replicate(experiment, profile, isolation, 1, 0, 0))
