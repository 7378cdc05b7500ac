"""Predictions for rows of published curves: `sim validate --curves`."""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import NamedTuple

from sim.curves.laws import LAWS, Estimate, beside
from sim.curves.profiles import Subject, read_subjects
from sim.curves.rows import Asked, Point, asked
from sim.errors import BadProfile

ADDED = ("predicted", "low", "high", "profile", "rests_on", "resource", "caution")
MOST = {"utilisation": 100.0}
NO_LAW = "no law of the profiles is about such a row"


class Prediction(NamedTuple):
    """What is said about one row; `estimate` is None where nothing can be."""

    point: Point
    estimate: Estimate | None
    profile: str
    subject: Subject | None
    caution: str

    @property
    def error_ratio(self) -> float:
        """predicted / y - 1; NaN where there is no y or no prediction."""
        if self.estimate is None or math.isnan(self.point.y) or self.point.y == 0:
            return math.nan
        return self.estimate.value / self.point.y - 1

    @property
    def fitted(self) -> bool:
        """Whether the fit has seen this x, or one beyond it: then an error is no forecast."""
        return self.subject is not None and self.point.x <= self.subject.largest_fitted

    def cells(self) -> list[str]:
        """The cells for ADDED."""
        if self.estimate is None or self.subject is None:
            return ["", "", "", "", "", "", self.caution]
        numbers = [f"{value:.6g}" for value in self.estimate]
        return [
            *numbers,
            self.profile,
            self.subject.fitted_on,
            self.subject.resource,
            self.caution,
        ]


def read_folder(folder: Path) -> dict[str, tuple[str, Subject]]:
    """All subjects of `folder`/published-*.toml by name, with the profile that they are in."""
    paths = sorted(folder.glob("published-*.toml"))
    if not paths:
        raise BadProfile(f"{folder}: has no published-*.toml; `sim calibrate --curves` makes them")
    return {one.name: (path.name, one) for path in paths for one in read_subjects(path)}


def predict(points: Sequence[Point], known: Mapping[str, tuple[str, Subject]]) -> list[Prediction]:
    """One prediction a point, in the same order; `y` is never looked at."""
    return [_one(point, asked(point), known) for point in points]


def _one(point: Point, what: Asked | None, known: Mapping[str, tuple[str, Subject]]) -> Prediction:
    found = _found(what, known) if what else None
    if what is None or found is None:
        return Prediction(point, None, "", None, NO_LAW)
    profile, subject = found
    numbers = subject.numbers()
    try:
        estimate = LAWS[subject.law](numbers, what.quantity, what.starts or point.x)
    except KeyError:
        return Prediction(point, None, "", None, f"{NO_LAW}: {what.quantity} was not given")
    caution = subject.caution
    if what.running:
        estimate = beside(numbers, estimate, what.running)
        caution = (
            "how running instances slow a start down was not given for this system: the upper end"
            " is the growth seen for Docker, the lower none"
        )
    wide = _widened(estimate, subject, what.quantity, max(point.x, what.starts))
    scaled = Estimate(*(value * what.scale for value in wide))
    return Prediction(point, scaled, profile, subject, caution)


def _found(what: Asked, known: Mapping[str, tuple[str, Subject]]) -> tuple[str, Subject] | None:
    """The subject of this name, or the one whose system's name this one begins with."""
    if what.subject in known:
        return known[what.subject]
    system, _, rest = what.subject.rpartition(", ")
    near = [
        name
        for name in known
        if name.endswith(f", {rest}") and system.startswith(name.removesuffix(f", {rest}"))
    ]
    return known[max(near, key=len)] if near else None


def _widened(estimate: Estimate, subject: Subject, quantity: str, x: float) -> Estimate:
    """Both ends moved out by what trials missed by, once more for each doubling beyond the fit."""
    off = subject.error_ratio
    if subject.law != "memory":
        off *= 1 + math.log2(max(1.0, x / subject.largest_fitted))
    low, high = estimate.low / (1 + off), estimate.high * (1 + off)
    return Estimate(estimate.value, low, min(high, MOST.get(quantity, math.inf)))


def table(
    header: Sequence[str], predictions: Sequence[Prediction]
) -> tuple[list[str], list[list[str]]]:
    """Header and rows of the file that was asked for, with ADDED filled in or put behind."""
    extra = [name for name in ADDED if name not in header]
    rows = []
    for one in predictions:
        said = dict(zip(ADDED, one.cells(), strict=True))
        kept = dict(zip(header, one.point.cells, strict=True))
        rows.append([said.get(name, kept.get(name, "")) for name in (*header, *extra)])
    return [*header, *extra], rows


class CurveError(NamedTuple):
    """How far off a system's curve is: of its rows with a y, how many, median and largest size."""

    curve: str
    rows: int
    median_ratio: float
    worst_ratio: float
    inside: int  # rows whose y lies within the interval


def curve_errors(predictions: Sequence[Prediction]) -> list[CurveError]:
    """One row a curve and system that can be judged; all its statistics together."""
    groups: dict[str, list[Prediction]] = {}
    for one in predictions:
        if not math.isnan(one.error_ratio):
            name = f"{one.point.curve_id}, {one.point.system}"
            groups.setdefault(name, []).append(one)
    found = []
    for name, mine in groups.items():
        sizes = [abs(one.error_ratio) for one in mine]
        inside = sum(e.low <= p.point.y <= e.high for p in mine if (e := p.estimate))
        found.append(CurveError(name, len(mine), median(sizes), max(sizes), inside))
    return found
