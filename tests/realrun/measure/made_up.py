"""Trials and rows that nobody has measured."""

from __future__ import annotations

from typing import Any

from realrun.measure.experiment import Arm, Experiment
from realrun.measure.journal import Trial
from realrun.measure.rows import InstrumentRow, TrialRow
from realrun.measure.session import Way

WHERE = ("m", "process", "none")
BORN: dict[str, Any] = {
    "machine": "m", "session": "now", "recorded_utc": "", "command": "x", "seed": 1
}  # fmt: skip
PROCESS = Way("process")


def trial(arm: str = "a", run: int = 1, block: int = 1, value_s: float = 0.5, **more: Any) -> Trial:
    """One trial of the experiment `instrument`, with one row."""
    about = {"trial": run, "block": block, "session": "now"}
    head = TrialRow(*WHERE, "instrument", arm, run, 0.0, 1.0, 0.001, 0.001, 0.0, 0.0, "", **about)
    rows = [InstrumentRow(*WHERE, arm, run, value_s, **about)]
    return Trial(row=head, rows=rows, took_s=1.0, **more)


class Quiet:
    """A session that starts nothing."""

    machine, began_ns = "m", 0

    def accelerator(self, _: Way) -> str:
        return "none"

    def renew(self) -> None:
        """There is nobody to be renewed."""


def experiment(values: Any, *arms: str, **more: Any) -> Experiment:
    """Arms whose trials give `values(arm, run)`."""

    def trials(arm: str) -> Any:
        return lambda run: [InstrumentRow(*WHERE, arm, run, values(arm, run))]

    def declared(*_: object) -> list[Arm]:
        return [Arm(arm, PROCESS, trials(arm)) for arm in arms]

    def figure(rows: Any) -> float:
        return float(rows[0].value_s)

    return Experiment("instrument", "made up", ("instrument",), declared, figure, "s", **more)
