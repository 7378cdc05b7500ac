"""What an experiment is, and how to declare one.

An experiment compares *arms*: one isolation at one level, or the same with eight instances, or with
a cold page cache. It gives the frame a list of them; the frame (`realrun.measure.runner`) does the
rest: blocks in an order of chance, warm-ups, noise and marks, the journal, stopping and the budget.

    def arms(session: Session, wish: Wish) -> list[Arm]:
        return [Arm(str(way), way, partial(trial, session, way)) for way in session.ways]

    def trial(session: Session, way: Way, run: int) -> list[Row]:
        run_of_it = session.complete(way)                  # raises RealRunError if it fails
        return [MyRow(*session.identity(run_of_it), n=1, value_mib=2.0)]

    def figure(rows: Sequence[Row]) -> float:              # the number that the trial is about
        return next(row.value_mib for row in rows if isinstance(row, MyRow))

    MINE = Experiment("mine", "one line for --help", ("mine",), arms, figure, "MiB", share=2.0)

1. The row is a class in `rows.py` and a line in `rows.TABLES`; its columns stand in
   `data/README.md`. A trial may return rows of several tables. It fills in its own columns; the
   frame fills in `level`, `session`, `block`, `trial` and `mark`.
2. `trial(run)` does the thing once, completely, and leaves nothing behind. It raises RealRunError
   (or OSError) for a failure: that is noted in `trials`, tried again in a later block, and an arm
   that fails `GIVE_UP` times in a row is given up. It must end by itself: `session.complete` and
   `session.crowd` have a deadline; whoever calls programs gives them a timeout.
3. `figure` is one number of a trial, in `unit`: the stopping rule asks how sure its median is.
4. An arm's trials are spread over all blocks: `per_block` of them in each, so that cheap arms can
   have more. Block 0 is the warm-up and is left out of statistics, as the contract says;
   `warm_up=False` begins with block 1.
5. `cost_s` is a guess of how long one trial takes (`session.cost_s(way, n)`). If two blocks (one,
   where one is enough) would not fit into the experiment's part of the budget, the dearest arms
   are left out, and the certificate says so.
6. `tell` makes tables for people of all rows, if the figures alone say too little.
7. In `bench all --levels` guests come at every level only where the experiment says `levels`.
8. `EXPERIMENTS` in `realrun.measure.catalogue` is the list that `bench NAME`, `bench all` and the
   Python functions know. `share` is its part of the budget of `bench all`, beside the others'.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple

from realrun.measure.rows import Row
from realrun.measure.session import Session, Way

GIVE_UP = 2  # failures in a row
LEAST, MOST = 3, 60  # blocks after the warm-up
NARROW = 0.05  # half of the interval, divided by the median


class Wish(NamedTuple):
    """What the caller may choose."""

    seed: int = 1
    budget_s: float | None = None  # None: until `blocks` are done
    blocks: tuple[int, int] | None = None  # at least and at most; None: the experiment's own
    n: tuple[int, ...] = ()  # numbers of instances; none: the experiment's own
    guest_n: tuple[int, ...] = ()


class Arm(NamedTuple):
    """One of the things that are compared. Its name is its own within the experiment."""

    name: str
    way: Way
    trial: Callable[[int], Sequence[Row]]  # number of the trial, from 0 -> its rows
    per_block: int = 1
    cost_s: float = 0.0


class Experiment(NamedTuple):
    """What `bench NAME` does."""

    name: str
    about: str
    tables: tuple[str, ...]
    arms: Callable[[Session, Wish], list[Arm]]
    figure: Callable[[Sequence[Row]], float]
    unit: str  # of the figure
    share: float = 1.0
    blocks: tuple[int, int] = (LEAST, MOST)
    warm_up: bool = True
    levels: bool = False  # among several experiments, guests at all levels and not at the first
    tell: Callable[[Sequence[Row]], Iterator[tuple[str, list[tuple[str, ...]]]]] | None = None
    remark: Callable[[Mapping[str, Sequence[float]]], str] = lambda _: ""  # on the arms' figures
