"""Randomness is an argument: one named stream for each cause."""

import random
from collections.abc import Sequence


def stream(seed: int, *name: str | int) -> random.Random:
    """The generator that belongs to `name`: the same for every scenario with this seed.

    Adding a cause never shifts the others, and every isolation meets the same luck (common
    random numbers), so that differences between them are not luck. Text seeds are hashed with
    SHA-512 by the standard library: the numbers are equal on every platform.

    >>> stream(1, "spread", 0).random() == stream(1, "spread", 0).random()
    True
    >>> stream(1, "spread", 0).random() == stream(1, "spread", 1).random()
    False
    """
    return random.Random("/".join(map(str, (seed, *name))))


def drawn(luck: random.Random, quantiles: Sequence[float]) -> float:
    """One value of a distribution that is given by quantiles at equal distances.

    Between two quantiles every value is as likely (inverse transform of a piecewise linear
    distribution function). One random number is used, whatever the quantiles: streams stay in step.

    >>> drawn(stream(1, "a"), [2.0])
    2.0
    >>> 0.0 <= drawn(stream(1, "a"), [0.0, 1.0, 5.0]) <= 5.0
    True
    """
    at = luck.random() * (len(quantiles) - 1)
    if not at:
        return quantiles[0]
    low = min(int(at), len(quantiles) - 1)
    high = min(low + 1, len(quantiles) - 1)
    return quantiles[low] + (at - low) * (quantiles[high] - quantiles[low])
