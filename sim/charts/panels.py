"""Small panels beside each other, two in a row."""

from collections.abc import Callable

import pandas as pd
from matplotlib.axes import Axes

from sim.charts.picture import Picture, headline, new_figure
from sim.charts.style import label, order, rows_of

ACROSS = 2


def panels_of(count: int, height_in: float, more_in: float = 0.9) -> tuple[Picture, list[Axes]]:
    """A figure with `count` panels, each `height_in` high, and `more_in` for title and footer.

    A single one is as wide as the figure.
    """
    across = min(count, ACROSS)
    rows = -(-count // across)
    figure = new_figure(height_in * rows + more_in)
    axes = list(figure.subplots(rows, across, squeeze=False).ravel())
    for ax in axes[count:]:
        ax.remove()
    return figure, axes[:count]


def by_isolation(
    rows: pd.DataFrame, draw: Callable[[pd.DataFrame, Axes], None], title: str
) -> Picture:
    """A panel an isolation, drawn by `draw` and named above, under one title."""
    pairs = order(rows)
    figure, panels = panels_of(len(pairs), 2.5)
    for pair, ax in zip(pairs, panels, strict=True):
        draw(rows_of(rows, pair), ax)
        ax.set_title(label(*pair), fontsize=10)
    headline(figure, title)
    return figure
