"""Files with the columns of data/published/curves.csv: read with every cell checked, and written.

A row is a point of a curve. `x` may be a word ("idle") and `y` may be empty: then it is to be
predicted and there is nothing to judge the prediction by.
"""

import csv
import io
import math
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from sim.errors import BadTable, nearest
from sim.files import write_text

COLUMNS = ("source_key", "curve_id", "system", "x_name", "x", "y_name", "y", "unit", "note")
TO_MS = {"ms": 1.0, "s": 1000.0, "us": 0.001, "CPU ms": 1.0, "CPU s": 1000.0}


class Point(NamedTuple):
    """One row; `x` and `y` are NaN where the cell holds no number."""

    source_key: str
    curve_id: str
    system: str
    x_name: str
    x: float
    y_name: str
    y: float
    unit: str
    note: str
    cells: tuple[str, ...]  # the whole line as it stood in the file

    @property
    def named(self) -> str:
        """How a profile refers to this point.

        >>> Point("", "netns", "Linux", "n", 10.0, "time", 1.0, "s", "", ()).named
        'netns, Linux, time at n = 10'
        """
        return f"{self.curve_id}, {self.system}, {self.y_name} at {self.x_name} = {self.x:g}"


class Asked(NamedTuple):
    """What a row asks for: `quantity` of the one `subject` that a law is fitted to."""

    subject: str
    quantity: str
    scale: float  # times this, the law's unit becomes the row's
    running: float = 0.0  # instances that run already
    starts: float = 0.0  # how many start at once; 0: as many as x says


def read_points(path: Path) -> tuple[list[str], list[Point]]:
    """The header and the points of `path`; raises BadTable with file, line and column."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            lines = csv.reader(file)
            header = next(lines, [])
            found = [_point(path, lines.line_num, header, cells) for cells in lines if cells]
    except FileNotFoundError as why:
        raise BadTable(f"{path}: no such file; expected a table as curves.csv is") from why
    except (OSError, UnicodeDecodeError, csv.Error) as why:
        raise BadTable(f"{path}: cannot be read as a CSV table: {why}") from why
    if not found:
        raise BadTable(f"{path}: has no rows; expected the columns {', '.join(COLUMNS)}")
    return header, found


def _point(path: Path, line: int, header: Sequence[str], cells: Sequence[str]) -> Point:
    where = f"{path}, line {line}"
    for name in COLUMNS[:-1]:
        if name not in header:
            raise BadTable(f"{path}, line 1: column {name!r} is missing; {nearest(name, header)}")
    if len(cells) != len(header):
        raise BadTable(f"{where}: expected {len(header)} cells, found {len(cells)}")
    values = dict(zip(header, cells, strict=True))
    try:
        y = float(values["y"]) if values["y"].strip() else math.nan
    except ValueError as why:
        raise BadTable(
            f"{where}, column 'y': expected a number or an empty cell, found {values['y']!r}"
        ) from why
    words = {name: values.get(name, "") for name in COLUMNS}
    return Point(**{**words, "x": _number(words["x"]), "y": y}, cells=tuple(cells))  # type: ignore[arg-type]


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return math.nan


def write_points(path: Path, header: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Write a table whole or not at all."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    write_text(path, text.getvalue())


def asked(point: Point) -> Asked | None:
    """Which law's subject a row is about, by its names; None: no law knows such rows.

    Two curves of one system (makespan and latency, throughput and latency) are one subject.
    """
    if math.isnan(point.x) or point.x < 1:
        return None
    time = 1 / TO_MS.get(point.unit, 1.0)
    y, x = point.y_name.lower(), point.x_name.lower()
    whose = f"{point.source_key}: {point.system}"
    if "pss per" in y:
        return Asked(f"{whose}, {point.y_name}", "memory", 1.0)
    told = f"{y} {point.note} {point.curve_id}".lower()
    if "pss" not in y and ("running" in x or "already" in x):
        found = _storm(point, whose, y, time)
        return found and found._replace(running=point.x, starts=_count(STARTS, told) or 1.0)
    if "concurrent" in x:
        found = _storm(point, whose, y, time)
        return found and found._replace(running=_count(RUNNING, told))
    if "parallel launchers" in x:
        boots = f"{whose.replace(GUEST_ONLY, END_TO_END)}, {point.curve_id}"
        part = "guest " if GUEST_ONLY in point.system else ""
        return Asked(boots, part + y.rpartition(" ")[2], time)
    if "connections" in x or "threads" in x:
        curve = re.sub(r"-(tps|latency|rate|transfer_rate)$", "", point.curve_id)
        quantity, scale = ("latency", time) if "latency" in y else ("throughput", 1.0)
        return Asked(f"{whose}, {curve}", quantity, scale)
    return None


STARTS = re.compile(r"(\d+) (?:new|more|further|concurrent|parallel|starts)")
RUNNING = re.compile(r"(\d+) (?:sandboxes |instances )?(?:already )?running")


def _count(pattern: re.Pattern[str], told: str) -> float:
    """The number that words such as `200 new starts` or `beside 1000 running` hold, or else 0."""
    found = pattern.search(told)
    return float(found[1]) if found else 0.0


GUEST_ONLY = "guest boot only (paper label FC-pre)"
END_TO_END = "end-to-end (paper label FC)"


def _storm(point: Point, whose: str, y: str, time: float) -> Asked | None:
    again = " (rerun)" if "repeat" in point.curve_id.lower() else ""
    subject = f"{whose}, starts at once{again}"
    if "cpu time" in y:
        return Asked(subject, "cpu", time)
    if "utilization" in y or "utilisation" in y:
        return Asked(subject, "utilisation", 1.0)
    if "makespan" in y:
        return Asked(subject, "makespan", time)
    if "latency" in y or "start" in y:
        return Asked(subject, "latency", time)
    if "time to" in y:
        return Asked(f"{whose}, {point.curve_id}", "makespan", time)
    return None
