"""What fits have in common: the rows of a subject, and trials."""

from typing import NamedTuple

from sim.curves.rows import Asked, Point

Rows = list[tuple[Point, Asked]]


class Trial(NamedTuple):
    """A fit with the largest point left out: which law, and how far off it was there."""

    subject: str
    law: str
    error_ratio: float


def on(rows: Rows) -> str:
    """Which points, in few words."""
    names = dict.fromkeys(point.curve_id for point, _ in rows)
    xs = sorted({point.x for point, _ in rows})
    return f"{', '.join(names)} at {rows[0][0].x_name} = {', '.join(f'{x:g}' for x in xs)}"


def series(rows: Rows, quantity: str) -> dict[float, float]:
    """x -> y in the law's unit."""
    return {p.x: p.y / what.scale for p, what in rows if what.quantity == quantity}
