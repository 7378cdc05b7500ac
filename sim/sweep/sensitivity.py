"""Which parameters decide the answer? Each alone (a tornado), and the first of them together.

The answer is a mean over replications with the same luck for every trial (common random numbers):
two trials differ by parameters and by nothing else. A parameter is multiplied by a factor, of a
distribution every quantile is.

Sobol's indices: the share of the answer's variance that goes with a parameter alone (first order),
and with all that it takes part in (total). Source: A. Saltelli et al., "Variance based sensitivity
analysis of model output", Computer Physics Communications 181(2), 2010.
"""

import math
from collections.abc import Sequence
from statistics import fmean
from typing import NamedTuple

from sim.overrides import Change, changed, numbers, times
from sim.profiles import Profile
from sim.sweep.experiments import STORM, replicate

WHOLE = ("width_cores", "cores")  # whole numbers: a factor near 1 rounds to the same
REPLICATIONS = 5


class Question(NamedTuple):
    """One answer of the model: of which profile, isolation, n, and which quantity."""

    profile: Profile
    isolation: str
    n: int
    quantity: str
    seed: int = 0
    experiment: str = STORM

    def answer(self, profile: Profile) -> float:
        """The mean over replications."""
        asked = self.experiment, profile, self.isolation, self.n
        return fmean(
            replicate(*asked, replication, self.seed)[self.quantity]
            for replication in range(REPLICATIONS)
        )

    def with_factors(self, factors: dict[str, float]) -> float:
        """The answer when parameters are multiplied."""
        profile = self.profile
        for path, factor in factors.items():
            profile = changed(profile, path, _times(path, factor))
        return self.answer(profile)


def _times(path: str, factor: float) -> Change:
    """Shares of a whole stay shares."""
    if path.endswith("busy_wait_ratio"):
        return lambda old: min(1.0, old * factor)
    return times(factor)


class Swing(NamedTuple):
    """What a parameter alone does: the answer with it made smaller and larger."""

    path: str
    low: float
    high: float

    @property
    def size(self) -> float:
        """How far the two answers are apart."""
        return abs(self.high - self.low)


class Index(NamedTuple):
    """Sobol's indices of a parameter."""

    path: str
    first: float
    total: float


def parameters(question: Question) -> list[str]:
    """Paths of all numbers that an isolation's starts depend on and that are not 0."""
    found = []
    for path, value in numbers(question.profile[question.isolation]):
        field = path.rpartition(".")[2]
        values = value if isinstance(value, tuple) else (value,)
        if (
            path.split(".")[0] in ("stage", "contention_ratio", "turns_ratio")
            and field not in WHOLE
        ):
            found += [f"isolation.{question.isolation}.{path}"] if any(values) else []
    return found


def tornado(question: Question, spread: float) -> list[Swing]:
    """Each parameter alone by `spread` less and more, the most effective first."""
    swings = [
        Swing(
            path,
            question.with_factors({path: 1 - spread}),
            question.with_factors({path: 1 + spread}),
        )
        for path in parameters(question)
    ]
    return sorted(swings, key=lambda one: (-one.size, one.path))


def sobol(question: Question, paths: Sequence[str], spread: float, samples: int) -> list[Index]:
    """Indices of `paths`, each even between 1 - `spread` and 1 + `spread` of its value.

    `samples` is a power of two; the model answers `samples` * (paths + 2) times.
    """
    import numpy as np
    from scipy.stats import sobol_indices, uniform

    def answers(factors: np.ndarray) -> np.ndarray:
        columns = factors.reshape(len(paths), -1).T
        return np.array(
            [[question.with_factors(dict(zip(paths, map(float, c), strict=True))) for c in columns]]
        )

    even = uniform(1 - spread, 2 * spread)
    found = sobol_indices(
        func=answers, n=samples, dists=[even] * len(paths), rng=np.random.default_rng(question.seed)
    )
    orders = zip(np.ravel(found.first_order), np.ravel(found.total_order), strict=True)
    pairs = [
        (0.0 if math.isnan(first) else float(first), 0.0 if math.isnan(total) else float(total))
        for first, total in orders
    ]
    indices = [Index(path, *pair) for path, pair in zip(paths, pairs, strict=True)]
    return sorted(indices, key=lambda one: -one.total)
