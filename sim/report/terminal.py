"""What the commands print: results and prediction errors as tables, whole at 80 columns."""

from collections.abc import Iterable, Sequence

import pandas as pd
from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from sim.charts.style import EMULATION
from sim.contract import ISOLATIONS
from sim.report.evidence import Evidence
from sim.report.predictions import HEADER as PREDICTION_HEADER
from sim.report.predictions import predictions
from sim.report.results import HEADER, NONE, Result, results

COLOURS = {"measured": "green", "recorded": "yellow", "missing": "red"}
TEXTS = (
    "isolation",
    "data",
    "subject",
    "curve",
    "law",
    "parameter",
    "source",
)  # columns that hold words: left; numbers stand right


def console() -> Console:
    """Wide enough for the table where the output is a file and has no width of its own."""
    plain = Console()
    return plain if plain.is_terminal else Console(width=150)


def new_table(title: str, heads: Iterable[str]) -> Table:
    """An empty table in the house's style: one rule, no boxes. Numbers are never cut short."""
    table = Table(
        title=title, title_justify="left", box=box.SIMPLE_HEAD, show_edge=False, padding=0
    )
    for head in heads:
        if head in TEXTS:
            table.add_column(head)
            continue
        broken = head if len(head) > 13 else head.replace(" ", "\n", 1)
        table.add_column(escape(broken), justify="right", no_wrap=True)
    return table


def print_results(evidence: Evidence) -> None:
    """One row an isolation; rows say whether they are measured, recorded or missing, and why."""
    rows = results(evidence)
    table = new_table("One image, every isolation", (HEADER[0], *HEADER[2:]))
    for row in rows:
        table.add_row(*_cells(row))
    out = console()
    out.print(table)
    if any(row.accelerator == EMULATION for row in rows):
        out.print(f"tcg: {EMULATION.partition(', ')[2]}, no hardware virtualisation")
    for name in ISOLATIONS:
        reason = evidence.reason(name)
        if reason:
            out.print(f"{name}: {evidence.source(name)}: {reason}", markup=False, highlight=False)


def _cells(row: Result) -> list[str]:
    """The cells of a row, the accelerator behind the name of what runs on one."""
    short = row.accelerator.partition(",")[0]
    plain = short in ("none", NONE, row.isolation)
    colour = COLOURS.get(row.data.split(",")[0].split()[-1], "default")
    name = row.isolation if plain else f"{row.isolation} {short}"
    return [name, f"[{colour}]{row.data}[/]", *map(escape, row[3:])]


def print_errors(errors: pd.DataFrame, remarks: Sequence[str]) -> None:
    """How far the prediction is off for the numbers of instances that the fit has not seen."""
    table = new_table("Median error (largest) of predictions for held-out n", PREDICTION_HEADER)
    for row in predictions(errors):
        table.add_row(*row)
    out = console()
    if table.row_count:
        out.print(table)
    else:
        out.print("nothing was held out: no storm and no memory with n > 4", highlight=False)
    for remark in remarks:
        out.print(f"note: {remark}", markup=False, highlight=False)
