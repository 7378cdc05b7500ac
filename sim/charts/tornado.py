"""A tornado: how far each parameter alone moves the answer, the most effective at the top."""

from collections.abc import Sequence

from matplotlib.axes import Axes

from sim.charts.style import COLOURS, INK, Look, foot, tint


def tornado_chart(
    bars: Sequence[tuple[str, float, float]],
    middle: float,
    totals: dict[str, float],
    title: str,
    small_print: str,
    ax: Axes,
) -> Axes:
    """Bars of (name, answer with less, answer with more) in percent of `middle`, the answer itself.

    `totals`: Sobol's total index of some of them, written at the right.
    """
    for at, (name, low, high) in enumerate(bars):
        for value, colour in ((low, tint(COLOURS["container"], 0.45)), (high, COLOURS["qemu"])):
            ax.barh(at, 100 * (value / middle - 1), color=colour, height=0.62)
        if name in totals:
            text = f"{totals[name]:.2f}"
            place: Look = {"transform": ax.get_yaxis_transform(), "va": "center", "fontsize": 8.5}
            ax.text(1.02, at, text, **place)
    ax.set_yticks(range(len(bars)), [name for name, *_ in bars])
    ax.axvline(0, color=INK, lw=0.8)
    ax.invert_yaxis()
    ax.grid(axis="y", visible=False)
    ax.set_xlabel("change of the answer [%]")
    ax.set_title(title)
    ax.text(1.02, 1.02, "Sobol", transform=ax.transAxes, fontsize=8.5, weight="bold")
    foot(ax, small_print)
    return ax
