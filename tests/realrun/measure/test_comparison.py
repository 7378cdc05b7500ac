"""Two sets side by side: what can be told apart is, what is the same is not."""

from __future__ import annotations

import csv
import random
from pathlib import Path

import pytest

from realrun.errors import BadTable, RealRunError
from realrun.measure import comparison, ratios, tables
from realrun.measure.rows import InstrumentRow, StormRow, TrialRow
from tests.realrun.measure.made_up import BORN, WHERE
from tests.realrun.stage import cli


def recorded(folder: Path, seed: int, slower: float = 1.0, count: int = 20, **born) -> Path:
    """A set of one experiment with two arms, the first of them `slower`."""
    chance, about = random.Random(seed), BORN | born
    trials, rows = [], []
    for number in range(2 * count):
        arm = ("A/A, one", "A/A, other")[number % 2]
        value_s = chance.lognormvariate(-5, 0.1) * (1 if number % 2 else slower)
        more = {"block": 1 + number // 2, "trial": number, "session": about["session"]}
        head = ("instrument", arm, number // 2, 0.0, 1.0, 0.001, 0.001, 0.0, 0.0, "")
        trials.append(TrialRow(*WHERE, *head, **more))
        rows.append(InstrumentRow(*WHERE, arm, number // 2, value_s, **more))
    tables.write(folder, "trials", trials, about)
    tables.write(folder, "instrument", rows, about)
    return folder


def verdicts(a, b) -> dict[str, str]:
    """What is said of each arm."""
    rows = comparison.compared(comparison.side(str(a)), comparison.side(str(b)))
    return {row.arm: row.verdict for row in rows}


def test_equals_cannot_be_told_apart_and_a_slower_one_can(tmp_path):
    """A known slow-down of a fifth is found again, in the arm that has it and only there."""
    one, slow = recorded(tmp_path / "a", 1), recorded(tmp_path / "b", 2, slower=1.2)
    assert verdicts(one, slow) == {"A/A, one": "more", "A/A, other": "cannot tell"}
    assert verdicts(slow, one)["A/A, one"] == "less"
    assert set(verdicts(one, recorded(tmp_path / "c", 3)).values()) == {"cannot tell"}


@pytest.mark.parametrize("count", [6, 10, 20])
@pytest.mark.parametrize("outliers", [0.0, 0.2])
def test_equals_are_told_apart_about_once_in_twenty(count, outliers):
    """An A/A comparison of made-up values, many times over: the interval keeps what it promises.

    With 200 tries the binomial leaves 2 to 10 percent around five.
    """
    alarms = 0
    for seed in range(200):
        chance = random.Random(seed)
        values = [
            chance.lognormvariate(0, 0.15) * (3 if chance.random() < outliers else 1)
            for _ in range(2 * count)
        ]
        found = ratios.compare(values[:count], values[count:], seed=seed, draws=400)
        alarms += ratios.apart(found) != ratios.CANNOT_TELL
    assert alarms <= 20


def test_few_trials_tell_nothing(tmp_path):
    """With less than six values an interval promises more than it keeps."""
    one, slow = (recorded(tmp_path / n, 1, slower=s, count=5) for n, s in (("a", 1), ("b", 9)))
    assert set(verdicts(one, slow).values()) == {"cannot tell"}


def test_two_isolations_of_one_set_are_matched_by_what_else_they_are(tmp_path):
    trials, rows = [], []
    for number, (isolation, ready_s) in enumerate([("process", 0.1), ("container", 0.2)] * 6):
        where, more = ("m", isolation, "none"), {"block": 1, "trial": number, "session": "now"}
        head = ("storm", f"4 x {isolation}", number // 2, 0.0, 1.0, 0.1, 0.1, 0.0, 0.0, "")
        trials.append(TrialRow(*where, *head, **more))
        rows.append(StormRow(*where, 4, number // 2, 0, 0.0, ready_s, **more))
    tables.write(tmp_path, "trials", trials, BORN)
    tables.write(tmp_path, "storm", rows, BORN)
    tables.write(tmp_path, "waits", [], BORN)
    sides = [comparison.side(f"{tmp_path}:{name}") for name in ("process", "container")]
    (row,) = comparison.compared(*sides)
    assert (row.arm, row.a_median, row.b_median, row.ratio) == ("4 x *", 0.1, 0.2, 2.0)
    assert row.verdict == "more"


def test_arms_come_by_their_numbers():
    names = ["16 x uml", "2 x uml", "uml, hot", "1 x container"]
    keys = sorted((("storm", name) for name in names), key=comparison.place)
    assert [name for _, name in keys] == ["uml, hot", "1 x container", "2 x uml", "16 x uml"]


def test_the_command_prints_writes_and_says_what_differs(tmp_path):
    one = recorded(tmp_path / "a", 1, kernel="Linux 6.1")
    other = recorded(tmp_path / "b", 2, slower=1.5, kernel="Linux 6.12")
    path = tmp_path / "new" / "compare.csv"
    done = cli("compare", str(one), str(other), "-o", str(path))
    assert done.returncode == 0, done.stderr
    assert "kernel: Linux 6.1 | Linux 6.12" in done.stdout
    assert "1 of 2 can be told apart; if all were equal, 0.1 would be by chance" in done.stdout
    assert "●" in done.stdout
    with open(path, newline="", encoding="utf-8") as file:
        assert [row["verdict"] for row in csv.DictReader(file)] == ["more", "cannot tell"]
    assert tables.read_certificate(path.parent, "compare")["sides"][1]["kernel"] == "Linux 6.12"


def test_what_cannot_be_compared_is_said_in_a_line(tmp_path):
    one = recorded(tmp_path / "a", 1)
    for text, why in (
        (tmp_path / "none", "none: holds no trials; a set is what"),
        (f"{one}:vm", "isolation must be one of"),
        (f"{one}:qemu", "holds no trial that can be compared"),
    ):
        with pytest.raises(RealRunError, match=why):
            comparison.side(str(text))
    lone = comparison.side(str(one))
    with pytest.raises(BadTable, match="no experiment in common"):
        comparison.compared(lone, lone._replace(figures={("storm", "x"): [1.0]}))
