"""One recording: experiments one after the other, into one journal, out of one budget.

What has begun in a folder goes on there: what is in its journal is not measured again. The budget
is shared out by the experiments' `share`; what one does not need is left to those behind it.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from realrun import engine
from realrun.errors import Missing, UsageError
from realrun.measure import journal, tables
from realrun.measure.catalogue import EXPERIMENTS
from realrun.measure.environment import certificate, machine_id, now
from realrun.measure.experiment import Experiment, Wish
from realrun.measure.journal import Journal
from realrun.measure.rows import Row
from realrun.measure.runner import Bench
from realrun.measure.session import Session, way

Tell = Callable[[str, float, float | None], None]  # at what, spent and left of the budget, s


class Recording:
    """What is measured, and by whose wish. Use it in `with`."""

    def __init__(
        self,
        names: Sequence[str],
        image: engine.Runnable,
        wanted: Sequence[str],
        wish: Wish,
        command: str,
        folder: Path | None = None,
        tell: Tell = lambda *_: None,
        form: str = tables.CSV,
    ) -> None:
        self.experiments = [known(name) for name in names]
        self.wish, self.command, self.folder, self.tell = wish, command, folder, tell
        self.form = form
        self.benches: list[Bench] = []
        self.first_s = 0.0  # what the first starts took; they come out of the budget, too
        self.journal = self.opened(image.digest, [str(way(name)) for name in wanted])
        self.session = Session(image, wanted)

    def opened(self, digest: str, ways: Sequence[str]) -> Journal:
        """A new journal, or the begun one."""
        head = {
            "session": now(),
            "command": self.command,
            "machine": machine_id(),
            "kernel": os.uname().release,  # one certificate cannot speak for two
            "image": digest,
            "experiments": [one.name for one in self.experiments],
            "isolations": ways,
            "seed": self.wish.seed,
            "blocks": list(self.wish.blocks or ()),
            "n": list(self.wish.n),
            "guest_n": list(self.wish.guest_n),
        }
        return journal.opened(self.folder, head) if self.folder else Journal(head)

    def __enter__(self) -> Recording:
        return self

    def __exit__(self, *_: object) -> None:
        self.session.__exit__(None)
        self.journal.close()

    def measure(self) -> None:
        """All of it. Raises Missing if the image runs in no way here."""
        begin_s = time.monotonic()
        self.session.try_all(lambda way: self.tell(f"first start: {way}", 0.0, self.wish.budget_s))
        if not self.session.ways:
            raise Missing("no isolation works here; `realrun doctor` says what is missing")
        self.first_s = time.monotonic() - begin_s
        for experiment in self.experiments:
            self.session.levels = experiment.levels or len(self.experiments) == 1
            self.run(experiment, self.wish._replace(budget_s=self.part_s(experiment)))

    def run(self, experiment: Experiment, wish: Wish) -> None:
        """One experiment."""
        bench = Bench(experiment, self.session, wish, self.journal, self.told)
        self.benches.append(bench)
        bench.run()

    def part_s(self, experiment: Experiment) -> float | None:
        """What this one may take of the budget; the same whether it is begun or gone on with."""
        if self.wish.budget_s is None:
            return None
        place = self.experiments.index(experiment)
        whole_s = self.wish.budget_s - min(self.first_s, self.wish.budget_s / 2)
        left_s = whole_s - sum(self.spent_s(one) for one in self.experiments[:place])
        shares = sum(one.share for one in self.experiments[place:])
        return max(0.0, left_s * experiment.share / shares)

    def spent_s(self, experiment: Experiment) -> float:
        return sum(trial.took_s for trial in self.journal.of(experiment.name))

    def told(self, bench: Bench) -> None:
        """Where we are."""
        spent_s = sum(map(self.spent_s, self.experiments))
        left_s = None if self.wish.budget_s is None else self.wish.budget_s - self.first_s - spent_s
        self.tell(f"{bench.experiment.name}, block {bench.block}: {bench.now}", spent_s, left_s)

    def rows(self, table: str) -> list[Row]:
        """What there is so far of one table."""
        return list(self.journal.rows(table))

    @property
    def tables(self) -> list[str]:
        """The tables that are written, `trials` the last."""
        return [*dict.fromkeys(name for one in self.experiments for name in one.tables), "trials"]

    def certificate(self) -> dict[str, Any]:
        """Where all this is from."""
        trials = self.journal.trials
        failed = [f"{row.arm}: {row.failed}" for row in (t.row for t in trials) if row.failed]
        head = self.journal.head
        born = certificate(
            head["command"], self.wish.seed, self.session.skipped, failed, head["session"]
        )
        return born | {"stopped": {one.experiment.name: one.stopped for one in self.benches}}

    def write(self) -> list[Path]:
        """All tables, into the folder."""
        assert self.folder
        return self.write_to(self.folder)

    def write_to(self, folder: Path) -> list[Path]:
        """All tables, into a folder."""
        born = self.certificate()
        return [
            tables.write(folder, name, self.rows(name), born, self.form) for name in self.tables
        ]


def known(name: str) -> Experiment:
    """The experiment of that name."""
    if name not in EXPERIMENTS:
        raise UsageError(f"experiment must be one of {', '.join(EXPERIMENTS)}; got {name!r}")
    return EXPERIMENTS[name]


@contextmanager
def written(recording: Recording) -> Iterator[Recording]:
    """However it ends, what was measured is in the tables."""
    with recording:
        try:
            yield recording
        finally:
            if recording.folder and recording.journal.trials:
                recording.write()
