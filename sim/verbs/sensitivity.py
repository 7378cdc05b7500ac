"""`sim sensitivity PROFILE`: which parameters decide an answer, ranked and drawn."""

from pathlib import Path

from sim import charts
from sim.errors import SimError, nearest
from sim.profile_files import read_profile
from sim.sweep.experiments import STORM_QUANTITIES
from sim.sweep.sensitivity import Index, Question, Swing, sobol, tornado
from sim.tables.answers import short, swung
from sim.terminal import console, new_table
from sim.wording import seconds

SPREAD = 0.2
TOGETHER = 6  # parameters whose Sobol indices are worked out: the first of the tornado
SHOWN = 12
HEADER = ("parameter", "- 20 %", "+ 20 %", "Sobol first", "Sobol total")


def sensitivity(
    path: Path, isolation: str, n: int, quantity: str, samples: int, output: Path | None
) -> None:
    """Print the ranking; draw it as SVG or PNG where there is an `output`."""
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
        charts.save(charts.sensitivity(swung(question, swings[:SHOWN], indices, SPREAD)), output)
        print(output)


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
        table.add_row(short(question.isolation, swing.path), *ends, *shares)
    out = console()
    out.print(table)
    rest = len(swings) - SHOWN
    if rest > 0:
        out.print(f"and {rest} more that do less", highlight=False)
