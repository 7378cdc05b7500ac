"""`sim sensitivity PROFILE`: which parameters decide an answer, ranked and drawn."""

import io
from pathlib import Path

from sim.charts.style import new_figure, seconds, styled
from sim.charts.tornado import tornado_chart
from sim.errors import SimError, nearest
from sim.files import write_text
from sim.profile_files import read_profile
from sim.sweep.experiments import STORM_QUANTITIES
from sim.sweep.sensitivity import Index, Question, Swing, sobol, tornado
from sim.terminal import console, new_table

SPREAD = 0.2
TOGETHER = 6  # parameters whose Sobol indices are worked out: the first of the tornado
SHOWN = 12
HEADER = ("parameter", "- 20 %", "+ 20 %", "Sobol first", "Sobol total")


def sensitivity(
    path: Path, isolation: str, n: int, quantity: str, samples: int, output: Path | None
) -> None:
    """Print the ranking; draw it as SVG where there is an `output`."""
    if quantity not in STORM_QUANTITIES:
        raise SimError(f"--quantity {quantity}: unknown; {nearest(quantity, STORM_QUANTITIES)}")
    if samples < 2 or samples & (samples - 1):
        raise SimError(f"--samples {samples}: expected a power of two")
    question = Question(read_profile(path), isolation, n, quantity)
    middle = question.answer(question.profile)
    swings = tornado(question, SPREAD)
    paths = [one.path for one in swings[:TOGETHER] if one.size > 0]
    indices = sobol(question, paths, SPREAD, samples) if paths else []
    _print(question, middle, swings, indices)
    if output:
        _draw(output, question, middle, swings, indices)
        print(output)


def _short(question: Question, path: str) -> str:
    return path.removeprefix(f"isolation.{question.isolation}.").removeprefix("stage.")


def _title(question: Question, middle: float) -> str:
    what = f"{question.isolation}, storm of {question.n}, {question.quantity}"
    return f"{what}: {seconds(middle)}"


def _print(question: Question, middle: float, swings: list[Swing], indices: list[Index]) -> None:
    table = new_table(_title(question, middle), HEADER)
    by_path = {one.path: one for one in indices}
    for swing in swings[:SHOWN]:
        ends = [f"{100 * (value / middle - 1):+.1f} %" for value in (swing.low, swing.high)]
        index = by_path.get(swing.path)
        shares = (f"{index.first:.2f}", f"{index.total:.2f}") if index else ("", "")
        table.add_row(_short(question, swing.path), *ends, *shares)
    out = console()
    out.print(table)
    rest = len(swings) - SHOWN
    if rest > 0:
        out.print(f"and {rest} more that do less", highlight=False)


def _draw(
    output: Path, question: Question, middle: float, swings: list[Swing], indices: list[Index]
) -> None:
    bars = [(_short(question, one.path), one.low, one.high) for one in swings[:SHOWN]]
    totals = {_short(question, one.path): one.total for one in indices}
    machine = question.profile.provenance.machine
    small = (
        f"Simulated for {machine}. Each parameter alone {100 * SPREAD:g} % smaller (light) and"
        " larger (dark). Sobol: total index with the first ones varied together."
    )
    text = io.StringIO()
    with styled():
        figure = new_figure(1.6 + 0.3 * len(bars))
        tornado_chart(bars, middle, totals, _title(question, middle), small, figure.subplots())
        figure.savefig(text, format="svg", metadata={"Date": None, "Creator": None})
    write_text(output, text.getvalue())
