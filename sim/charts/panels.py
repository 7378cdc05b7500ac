"""Small panels beside each other, two in a row."""

from matplotlib.axes import Axes

from sim.charts.picture import Picture, new_figure

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
