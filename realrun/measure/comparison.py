"""Two recorded sets side by side: two machines, two kernels, or two isolations of one set.

A set is a folder that `realrun bench` has written. What is compared is the figure of each arm of
each experiment, as the experiment itself defines it: B's median divided by A's, with the bootstrap
interval of `ratios`. Warm-ups and trials that failed have no part in it; disturbed ones have, for
on a shared machine there may be no others, and a median bears some.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import astuple, dataclass, fields
from pathlib import Path
from typing import Any, NamedTuple

from realrun.errors import BadTable, UsageError
from realrun.guest import levels
from realrun.measure import ratios, tables
from realrun.measure.catalogue import EXPERIMENTS
from realrun.measure.ratios import CANNOT_TELL
from realrun.measure.rows import Row, TrialRow
from realrun.measure.session import Way, way
from realrun.measure.summary import Summary, summarise

NAMED = "*"  # in place of the isolation, where one is named on each side
STATE = ("recorded_utc", "command", "load_1min", "skipped", "failed", "session", "stopped", "table")
Figures = dict[tuple[str, str], list[float]]  # by experiment and arm


class Side(NamedTuple):
    """What stands on one side: a set, and the way that is named, if any."""

    label: str
    figures: Figures
    certificate: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class CompareRow:
    """One figure on both sides, in `unit`, and B's divided by A's."""

    experiment: str
    arm: str
    unit: str
    a_n: int
    a_median: float
    a_low: float
    a_high: float
    b_n: int
    b_median: float
    b_low: float
    b_high: float
    ratio: float
    ratio_low: float
    ratio_high: float
    verdict: str


def side(text: str) -> Side:
    """`FOLDER`, or `FOLDER:WAY` for one isolation of it, such as `out/measured:container`."""
    place, _, named = text.partition(":")
    if Path(text).is_dir():
        place, named = text, ""
    folder, chosen = Path(place), usual(way(named)) if named else None
    if not tables.is_there(folder, "trials"):
        raise BadTable(
            f"{folder}: holds no trials; a set is what `realrun bench ... -o` has written"
        )
    trials = [row for row in tables.read(folder, "trials") if isinstance(row, TrialRow)]
    if len({(row.machine, row.session) for row in trials}) > 1:
        raise UsageError(f"{folder}: holds several recordings; compare the folder of each")
    certificate = tables.read_certificate(folder, "trials")
    found = figures(folder, [row for row in trials if chosen in (None, way_of(row))], chosen)
    if not found:
        raise BadTable(f"{text}: holds no trial that can be compared")
    return Side(text, found, certificate)


def way_of(row: Row) -> Way:
    """Which way a trial was done."""
    return usual(Way(row.isolation, row.level))


def usual(one: Way) -> Way:
    """The same way, without the level that a guest has if none is asked for."""
    return one._replace(level="") if one.level == levels.MINIMAL else one


def plain(arm: str) -> str:
    """An arm's name without that level: sets with and without levels have it in common.

    >>> plain("4 x uml:minimal"), plain("qemu:minimal/microvm, hot")
    ('4 x uml', 'qemu:minimal/microvm, hot')
    """
    return re.sub(rf":{levels.MINIMAL}(?![/\w])", "", arm)


def figures(folder: Path, trials: Sequence[TrialRow], chosen: Way | None) -> Figures:
    """The figure of every trial that counts, by experiment and arm."""
    found: Figures = defaultdict(list)
    for name in dict.fromkeys(row.experiment for row in trials if row.experiment in EXPERIMENTS):
        rows = by_trial(folder, EXPERIMENTS[name].tables)
        for row in (one for one in trials if one.experiment == name):
            if row.block and not row.failed and row.trial in rows:
                arm = plain(row.arm)
                arm = arm.replace(str(chosen), NAMED) if chosen else arm
                found[name, arm].append(EXPERIMENTS[name].figure(rows[row.trial]))
    return dict(found)


def by_trial(folder: Path, names: Iterable[str]) -> dict[int, list[Row]]:
    """The rows of an experiment's tables, by trial."""
    found = defaultdict(list)
    for name in names:
        for row in tables.read(folder, name):
            found[row.trial].append(row)
    return dict(found)


def compared(a: Side, b: Side, seed: int = 1) -> list[CompareRow]:
    """What both sides have. Raises BadTable if that is nothing."""
    both = sorted(a.figures.keys() & b.figures.keys(), key=place)
    if not both:
        raise BadTable(f"{a.label} and {b.label} have no experiment in common")
    return [compare(*key, a.figures[key], b.figures[key], seed) for key in both]


def place(key: tuple[str, str]) -> tuple[int, list[tuple[int, str]]]:
    """Experiments as in the catalogue, arms with their numbers by size."""
    experiment, arm = key
    words = [(int(word or 0), text) for text, word in re.findall(r"(\D*)(\d*)", arm)]
    return list(EXPERIMENTS).index(experiment), [(0, arm.lstrip("0123456789 ")), *words]


def compare(
    experiment: str, arm: str, ours: Sequence[float], theirs: Sequence[float], seed: int
) -> CompareRow:
    """One figure on both sides."""
    found = ratio(ours, theirs, seed)
    verdict = ratios.apart(found)
    unit = EXPERIMENTS[experiment].unit
    sides = (*summarise(ours), *summarise(theirs))
    return CompareRow(experiment, arm, unit, *sides, *found[1:], verdict)


def ratio(ours: Sequence[float], theirs: Sequence[float], seed: int) -> Summary:
    """B divided by A; of what may be zero, nothing can be told."""
    if min(*ours, *theirs) <= 0:
        return Summary(0, 1.0, 1.0, 1.0)
    return ratios.compare(theirs, ours, seed=seed)


def differences(a: Side, b: Side) -> list[tuple[str, str, str]]:
    """In what the two machines, or their state, are not the same."""
    keys = [key for key in a.certificate if key not in STATE]
    pairs = ((key, a.certificate[key], b.certificate.get(key, "")) for key in keys)
    return [(key, brief(one), brief(other)) for key, one, other in pairs if one != other]


def brief(told: object) -> str:
    """In a few words."""
    words = ", ".join(f"{k}: {v}" for k, v in told.items()) if isinstance(told, dict) else str(told)
    return words if len(words) <= 60 else f"{words[:57]}..."


def write(path: Path, rows: Sequence[CompareRow], sides: Sequence[Side], command: str) -> None:
    """`path` as CSV, with a certificate that holds both sides'."""
    names = [one.name for one in fields(CompareRow)]
    born = {
        "table": "compare",
        "command": command,
        "sides": [{"label": one.label, **one.certificate} for one in sides],
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    tables.replace(path.with_suffix(".meta.json"), tables.as_json(born).encode())
    tables.replace(path, tables.as_csv(names, map(astuple, rows)).encode())


def told_apart(rows: Sequence[CompareRow]) -> int:
    """How many are not the same."""
    return sum(row.verdict != CANNOT_TELL for row in rows)
