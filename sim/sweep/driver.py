"""Run a sweep: rounds of replications for each point, until its interval is narrow enough.

What is decided depends on results alone, never on who was first: a round of a point is over when
all of its blocks are, and its size depends on nothing but the rounds before. So one process, many
and a cluster write the same bytes.
"""

from collections.abc import Callable
from math import inf, sqrt
from statistics import fmean, stdev
from typing import NamedTuple

from sim.sweep.blocks import Block, Rows, Workers
from sim.sweep.scenario import Point, Scenario
from sim.sweep.store import Store

Progress = Callable[[int, int], None]


class Mean(NamedTuple):
    """A mean with the half width of its 95 % interval, over so many replications."""

    value: float
    half_width: float
    replications: int


def mean_of(values: list[float]) -> Mean:
    """Mean and 95 % interval by Student's t; replications are independent of each other.

    Source: A. M. Law, "Simulation Modeling and Analysis", McGraw-Hill 2015, section 4.5.
    """
    from scipy.special import stdtrit  # Student's quantiles, without the weight of scipy.stats

    if len(values) < 2:
        return Mean(values[0], inf, len(values))
    width = float(stdtrit(len(values) - 1, 0.975)) * stdev(values) / sqrt(len(values))
    return Mean(fmean(values), width, len(values))


class Sweep:
    """A scenario under way: what is done, what a point needs next."""

    def __init__(self, scenario: Scenario, store: Store) -> None:
        self.scenario = scenario
        self.store = store
        self.at = scenario.quantities.index(scenario.quantity)
        self.points: dict[int, Point] = {}
        self.blocks: dict[int, dict[int, Rows]] = {}
        self.done: dict[int, Rows] = {}

    def run(self, workers: Workers, progress: Progress) -> dict[int, Rows]:
        """All rows of every point; goes on where an earlier run of the same sweep ended."""
        for number, first, rows in self.store.finished():
            self.blocks.setdefault(number, {})[first] = rows
        for point in self.scenario.points():
            self.points[point.number] = point
            workers.give(self._next(point))
        progress(len(self.done), len(self.points))
        for block, rows in workers.done():
            self.store.keep(block.point, block.first, rows)
            self.blocks.setdefault(block.point, {})[block.first] = rows
            if block.point not in self.done and self._round_is_over(block.point):
                workers.give(self._next(self.points[block.point]))
                progress(len(self.done), len(self.points))
        return self.done

    def _rounds(self) -> list[int]:
        """Replications at the end of each round: the least, then twice as many, up to the most."""
        ends = [self.scenario.least]
        while ends[-1] < self.scenario.most:
            ends.append(min(2 * ends[-1], self.scenario.most))
        return ends

    def _starts(self, end: int) -> list[tuple[int, int]]:
        """First and count of every block up to replication `end`: `least` at a time."""
        least, found = self.scenario.least, []
        for begin, stop in zip([0, *self._rounds()], self._rounds(), strict=False):
            if stop <= end:
                found += [(at, min(least, stop - at)) for at in range(begin, stop, least)]
        return found

    def _round_is_over(self, number: int) -> bool:
        have = self.blocks[number]
        ends = [end for end in self._rounds() if all(f in have for f, _ in self._starts(end))]
        return bool(ends) and len(have) == len(self._starts(ends[-1]))

    def _next(self, point: Point) -> list[Block]:
        """The blocks that a point still needs; none if its interval is narrow enough."""
        have = self.blocks.get(point.number, {})
        for end in self._rounds():
            wanted = self._starts(end)
            missing = [(first, count) for first, count in wanted if first not in have]
            if missing:
                return [self._block(point, first, count) for first, count in missing]
            rows = [row for first, _ in wanted for row in have[first]]
            if end == self.scenario.most or self._narrow(rows):
                self.done[point.number] = rows
                self.blocks[point.number] = {}
                return []
        raise AssertionError("the last round ends at the most")

    def _narrow(self, rows: Rows) -> bool:
        found = mean_of([row[self.at] for row in rows])
        return found.half_width <= self.scenario.half_width_ratio * abs(found.value)

    def _block(self, point: Point, first: int, many: int) -> Block:
        return Block(
            point=point.number,
            first=first,
            many=many,
            experiment=self.scenario.experiment,
            isolation=point.isolation,
            n=point.n,
            seed=self.scenario.seed,
            profile=point.profile,
            quantities=self.scenario.quantities,
        )
