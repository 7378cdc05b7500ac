"""`sim calibrate --curves` and `sim validate --curves`: laws of published curves."""

import math
from pathlib import Path
from statistics import median

from sim.curves.fit import fit_curves
from sim.curves.predict import (
    CurveError,
    Prediction,
    curve_errors,
    predict,
    read_folder,
    table,
)
from sim.curves.profiles import write_subjects
from sim.curves.rows import read_points, write_points
from sim.curves.series import Trial
from sim.report.predictions import percent
from sim.terminal import console, new_table

AIM_RATIO = 0.15


def calibrate_curves(curves: Path, folder: Path, command: str) -> None:
    """Fit the laws, print the trials that chose between them, write one profile a source."""
    found = fit_curves(curves)
    _print_trials(found.trials)
    for source, subjects in found.subjects.items():
        path = folder / f"published-{source.replace('_', '-')}.toml"
        write_subjects(path, command, subjects)
        print(path)


def _print_trials(trials: list[Trial]) -> None:
    rows = new_table("The largest given point, left out of the fit and predicted", TRIAL_HEADER)
    for one in trials:
        rows.add_row(one.subject, one.law, f"{100 * one.error_ratio:+.1f} %")
    console().print(rows)
    for law in dict.fromkeys(one.law for one in trials):
        sizes = [abs(one.error_ratio) for one in trials if one.law == law]
        print(f"{law}: median size of the error {percent(median(sizes))} over {len(sizes)} curves")


TRIAL_HEADER = ("subject", "law", "error")
ERROR_HEADER = ("curve", "rows", "median error", "largest", "inside")


def validate_curves(curves: Path, output: Path | None, folder: Path) -> None:
    """Predict every row that a law knows; print errors where there is a y to judge by."""
    header, points = read_points(curves)
    predictions = predict(points, read_folder(folder))
    if output:  # before anything is printed: a reader that leaves early must not cost the file
        write_points(output, *table(header, predictions))
    beyond = [one for one in predictions if not one.fitted]
    _print_errors("beyond the largest x of the fit", curve_errors(beyond))
    _print_errors("at an x within the fit", curve_errors([p for p in predictions if p.fitted]))
    _print_reasons(predictions)
    if output:
        print(output)


def _print_errors(which: str, errors: list[CurveError]) -> None:
    out = console()
    if not errors:
        out.print(f"no row {which} has both a y and a prediction", highlight=False)
        return
    rows = new_table(f"Predicted against given, {which}", ERROR_HEADER)
    for one in errors:
        inside = f"{one.inside} of {one.rows}"
        found = percent(one.median_ratio), percent(one.worst_ratio), inside
        rows.add_row(one.curve, str(one.rows), *found)
    out.print(rows)
    middle = median(one.median_ratio for one in errors)
    met = sum(one.median_ratio <= AIM_RATIO for one in errors)
    out.print(
        f"{which}: median over curves {percent(middle)}; {met} of {len(errors)} curves within"
        f" {percent(AIM_RATIO)}",
        highlight=False,
    )


def _print_reasons(predictions: list[Prediction]) -> None:
    """Which resource each system queues for, what cannot be told, and what has no prediction."""
    out = console()
    said: dict[str, list[str]] = {}
    for one in predictions:
        if one.subject and one.subject.law != "memory":
            said.setdefault(f"{one.profile}: {one.subject.resource}", []).append(one.subject.name)
    for text, names in said.items():
        systems = "; ".join(dict.fromkeys(name.partition(": ")[2] for name in names))
        out.print(f"queues for {text} ({systems})", markup=False, highlight=False)
    for caution in dict.fromkeys(p.caution for p in predictions if p.subject and p.caution):
        count = sum(one.caution == caution for one in predictions)
        out.print(f"wide, {count} rows: {caution}", markup=False, highlight=False)
    left = [one for one in predictions if one.estimate is None]
    if left:
        curves = ", ".join(sorted({one.point.curve_id for one in left}))
        out.print(f"{len(left)} rows without a prediction: {curves}", highlight=False)
        if any(math.isnan(one.point.x) for one in left):
            out.print("(some of them because x is not a number)", highlight=False)
