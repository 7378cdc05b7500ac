"""Comparing two medians: their ratio or difference, and how sure it is.

The interval is the bootstrap's: both samples are drawn anew, with replacement, many times.

Source: Efron and Tibshirani, An Introduction to the Bootstrap, chapter 13 (percentile intervals).
"""

from __future__ import annotations

import operator
import random
from collections.abc import Callable, Sequence
from statistics import median

from realrun.measure.summary import CONFIDENCE, Summary

DRAWS = 4000
ENOUGH = 6
MORE, LESS, CANNOT_TELL = "more", "less", "cannot tell"
Combine = Callable[[float, float], float]


def compare(
    ours: Sequence[float],
    theirs: Sequence[float],
    how: Combine = operator.truediv,
    seed: int = 1,
    draws: int = DRAWS,
) -> Summary:
    """`how(median of ours, median of theirs)` with its 95 % interval; by itself their ratio.

    Raises ValueError if a sample is empty.

    >>> compare([2.0, 2.0], [4.0, 4.0])
    Summary(n=2, median=0.5, low=0.5, high=0.5)
    """
    if not ours or not theirs:
        raise ValueError("a comparison needs values on both sides")
    chance = random.Random(seed)
    drawn = sorted(
        how(
            median(chance.choices(ours, k=len(ours))), median(chance.choices(theirs, k=len(theirs)))
        )
        for _ in range(draws)
    )
    tail = round((1 - CONFIDENCE) / 2 * draws)
    value = how(median(ours), median(theirs))
    return Summary(min(len(ours), len(theirs)), value, drawn[tail], drawn[-1 - tail])


def verdict(found: Summary, limit: float | None) -> str:
    """Is it at most `limit`; sure only if the whole interval is on one side."""
    if limit is None:
        return ""
    if found.high <= limit:
        return "kept"
    return "broken" if found.low > limit else "not sure"


def apart(found: Summary) -> str:
    """What a ratio says: `more`, `less`, or that nobody can tell.

    With less than `ENOUGH` values on a side the interval promises more than it keeps.
    """
    if found.n < ENOUGH or found.low <= 1 <= found.high:
        return CANNOT_TELL
    return MORE if found.low > 1 else LESS


def said(found: Summary) -> str:
    """A ratio, its interval, and what it says."""
    return f"ratio {found.median:.3f} [{found.low:.3f}, {found.high:.3f}], {apart(found)}"


def judged(name: str, found: Summary, limit: float | None, unit: str) -> tuple[str, ...]:
    """A line of the table of promises."""
    interval = f"{found.low:.3f} - {found.high:.3f}"
    most = "" if limit is None else f"{limit:g} {unit}"
    return name, f"{found.median:.3f} {unit}", interval, most, verdict(found, limit)


HEADER = ("what", "found", "95 % interval", "at most", "so")
