"""The frame around every experiment: blocks, warm-ups, noise, the journal, stopping, the budget."""

from __future__ import annotations

import math
import os
import time
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field, replace

from realrun.errors import RealRunError, in_words
from realrun.measure import blocks, noise
from realrun.measure.experiment import GIVE_UP, NARROW, Arm, Experiment, Wish
from realrun.measure.journal import Journal, Trial
from realrun.measure.rows import Row, TrialRow
from realrun.measure.session import Session, heed

LEAST_BLOCKS = 2  # must fit into the budget, if the experiment wants as many
Tell = Callable[["Bench"], None]


@dataclass
class Bench:
    """One experiment on its way. `stopped` tells of each arm why there are no more trials."""

    experiment: Experiment
    session: Session
    wish: Wish
    journal: Journal
    tell: Tell = lambda _: None
    arms: dict[str, Arm] = field(default_factory=dict)
    figures: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    failures: dict[str, int] = field(default_factory=lambda: defaultdict(int))  # in a row
    marked: dict[str, int] = field(default_factory=lambda: defaultdict(int))  # trials
    stopped: dict[str, str] = field(default_factory=dict)
    spent_s: float = 0.0
    block: int = 0
    now: str = ""  # the arm whose turn it is

    def run(self) -> Bench:
        """All trials that are still to be done."""
        self.arms = {arm.name: arm for arm in self.experiment.arms(self.session, self.wish)}
        count = min(LEAST_BLOCKS, self.least)
        dear = too_dear(self.arms.values(), self.budget_s / count)
        self.stopped = dict.fromkeys(dear, blocks.DEAR)
        for trial in self.journal.of(self.experiment.name):
            self.note(trial)
        for arm, run in self.turns():
            if (self.experiment.name, self.block, arm.name, run) not in self.journal.keys:
                self.now = arm.name
                self.tell(self)
                self.journal.add(trial := self.take(arm, run))
                self.note(trial)
        self.journal.sync()
        return self

    @property
    def budget_s(self) -> float:
        return math.inf if self.wish.budget_s is None else self.wish.budget_s

    @property
    def least(self) -> int:
        """Blocks after the warm-up, at least."""
        return (self.wish.blocks or self.experiment.blocks)[0]

    @property
    def most(self) -> int:
        """And at most."""
        return (self.wish.blocks or self.experiment.blocks)[1]

    def turns(self) -> Iterator[tuple[Arm, int]]:
        """Whose turn it is, and the number of his trial; while there is need and time."""
        per_block = {name: arm.per_block for name, arm in self.arms.items()}
        for block in range(0 if self.experiment.warm_up else 1, self.most + 1):
            self.block = block
            turns = blocks.order(per_block, self.wish.seed, self.experiment.name, self.block)
            for name, run in turns:
                if self.spent_s >= self.budget_s:
                    return self.stop(blocks.BUDGET)
                if name not in self.stopped:
                    yield self.arms[name], run
            if self.block and self.all_narrow():
                return self.stop(blocks.NARROW)
        return self.stop(blocks.BLOCKS)

    def stop(self, why: str) -> None:
        """Note why, for each arm by itself."""
        for name in self.arms:
            told = blocks.NARROW if self.is_narrow(name) else why
            self.stopped.setdefault(name, told)

    def all_narrow(self) -> bool:
        """Are there enough blocks, and is every arm that is still measured known well enough."""
        open_arms = [name for name in self.arms if name not in self.stopped]
        return self.block >= self.least and all(map(self.is_narrow, open_arms))

    def is_narrow(self, name: str) -> bool:
        return blocks.is_narrow(self.figures[name], self.experiment.blocks[0], NARROW)

    def take(self, arm: Arm, run: int) -> Trial:
        """One trial, between two looks at the machine's noise. A failure is noted, never timed."""
        began_ns, rows, failed = time.monotonic_ns(), list[Row](), ""
        before = noise.listen()
        try:
            rows += arm.trial(run)
        except (RealRunError, OSError) as error:
            heed(error)
            rows, failed = [], in_words(error)
            self.session.renew()
        ended_ns, after = time.monotonic_ns(), noise.listen()
        mark = noise.mark(before, after, len(os.sched_getaffinity(0)))
        row = TrialRow(
            self.session.machine, arm.way.isolation, self.session.accelerator(arm.way),
            self.experiment.name, arm.name, run,
            began_s=(before.at_ns - self.session.began_ns) / 1e9,
            duration_s=(ended_ns - before.at_ns) / 1e9,
            spin_before_s=before.spin_s, spin_after_s=after.spin_s,
            stolen_s=after.stolen_s - before.stolen_s,
            throttled_s=after.throttled_s - before.throttled_s,
            failed=failed,
            level=arm.way.level, session=self.journal.head.get("session", ""),
            block=self.block, trial=len(self.journal.of(self.experiment.name)), mark=mark,
        )  # fmt: skip
        took_s = (time.monotonic_ns() - began_ns) / 1e9
        return Trial(row=row, rows=[stamped(one, row) for one in rows], took_s=took_s)

    def note(self, trial: Trial) -> None:
        """What follows from a trial for those to come."""
        name = trial.row.arm
        self.spent_s += trial.took_s
        self.failures[name] = self.failures[name] + 1 if trial.row.failed else 0
        if self.failures[name] >= GIVE_UP:
            self.stopped[name] = blocks.FAILED
        if trial.row.block and trial.rows:
            self.figures[name].append(self.experiment.figure(trial.rows))
            self.marked[name] += bool(trial.row.mark)


def too_dear(arms: Collection[Arm], budget_s: float) -> list[str]:
    """The dearest arms, as many as must go for a block of the rest to fit into the budget."""
    left_s, gone = sum(arm.cost_s * arm.per_block for arm in arms), list[str]()
    for arm in sorted(arms, key=lambda arm: -arm.cost_s):
        if left_s > budget_s:
            left_s -= arm.cost_s * arm.per_block
            gone.append(arm.name)
    return gone


def stamped(row: Row, trial: TrialRow) -> Row:
    """A row with what it shares with its trial."""
    return replace(
        row, level=trial.level, session=trial.session, block=trial.block, trial=trial.trial,
        mark=trial.mark,
    )  # fmt: skip
