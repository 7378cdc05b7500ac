"""In which order trials are done, and when there are enough of them.

Randomised complete blocks: every block holds every arm's trials once, in an order of its own, so
that a disturbance of the machine meets all arms alike. The order follows from the seed, the name of
the experiment and the number of the block alone: who was stopped goes on in the same order.

Source: Montgomery, Design and Analysis of Experiments, chapter 4 (randomized complete blocks).
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence

from realrun.measure.summary import DEAR as DEAR
from realrun.measure.summary import summarise

NARROW, BLOCKS, BUDGET, FAILED = "narrow", "blocks", "budget", "failed"


def order(per_block: Mapping[str, int], seed: int, name: str, block: int) -> list[tuple[str, int]]:
    """The turns of one block: whose it is, and the number of his trial.

    Each arm's trials are spread over the block. Block 0, the warm-up, has one of each, numbered 0.

    >>> order({"a": 2, "b": 1}, 1, "x", 0) == order({"a": 2, "b": 1}, 1, "x", 0)
    True
    >>> sorted(order({"a": 2, "b": 1}, 1, "x", 3))
    [('a', 5), ('a', 6), ('b', 3)]
    """
    chance = random.Random(f"{seed}/{name}/{block}")
    turns = []
    for arm, whole in per_block.items():
        count = whole if block else 1
        first = (block - 1) * count + 1 if block else 0
        turns += [((k + chance.random()) / count, arm, first + k) for k in range(count)]
    return [(arm, run) for _, arm, run in sorted(turns)]


def is_narrow(values: Sequence[float], least: int, ratio: float) -> bool:
    """Is half of the median's interval at most `ratio` of the median, after `least` values.

    With less than six values the interval covers less than 95 %: they never suffice.
    """
    if len(values) < max(least, 6):
        return False
    found = summarise(values)
    return (found.high - found.low) / 2 <= ratio * abs(found.median)
