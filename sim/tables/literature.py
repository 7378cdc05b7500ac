"""Curves from papers, and what their laws predict, as one tidy table."""

import math
from pathlib import Path

import pandas as pd

from sim.curves.predict import predict, read_folder
from sim.curves.rows import Point, read_points
from sim.errors import BadTable, nearest

COLUMNS = ["curve_id", "system", "x_name", "x", "y_name", "unit"]


def published_points(
    folder: Path, curve_id: str, y_name: str = "", profiles: Path | None = None
) -> pd.DataFrame:
    """The points of one curve of `folder`/curves.csv (data/published), `y_name` being its first.

    `source` is `published`; with `profiles`, a folder of published-*.toml, every x has a row
    `simulated` as well, whose `y` is the law's, within `low` and `high`. `n`: samples behind a
    point (NaN: not said). Raises BadTable for a curve that is not there.
    """
    path = folder / "curves.csv"
    header, points = read_points(path)
    own = [one for one in points if one.curve_id == curve_id]
    if not own:
        known = nearest(curve_id, {one.curve_id for one in points})
        raise BadTable(f"{path}: no curve {curve_id!r}; {known}")
    wanted = y_name or own[0].y_name
    own = [one for one in own if one.y_name == wanted and not math.isnan(one.x)]
    samples, cited = header.index("n"), _citations(folder)
    rows = [
        {**_row(one, cited), "source": "published", "y": one.y, "n": _number(one.cells[samples])}
        for one in own
        if not math.isnan(one.y)
    ]
    if profiles:
        rows += [
            {**_row(one.point, cited), "source": "simulated", "y": one.estimate.value,
             "low": one.estimate.low, "high": one.estimate.high}
            for one in predict(own, read_folder(profiles)) if one.estimate
        ]  # fmt: skip
    return pd.DataFrame(rows, columns=["source", "citation", *COLUMNS, "y", "n", "low", "high"])


def _row(point: Point, cited: dict[str, str]) -> dict[str, object]:
    return {
        "citation": cited.get(point.source_key, point.source_key),
        **{name: getattr(point, name) for name in COLUMNS},
    }


def _number(cell: str) -> float:
    try:
        return float(cell)
    except ValueError:
        return math.nan


def _citations(folder: Path) -> dict[str, str]:
    """The citation of each source, from figures.csv."""
    frame = pd.read_csv(folder / "figures.csv", dtype=str)
    return dict(zip(frame["source_key"], frame["citation"], strict=True))
