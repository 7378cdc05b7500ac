"""What the commands print: results and prediction errors as tables."""

from collections.abc import Sequence

import pandas as pd
from rich import box
from rich.console import Console
from rich.table import Table

from sim.charts.style import label
from sim.contract import ISOLATIONS
from sim.report.evidence import Evidence
from sim.report.results import HEADER, results
from sim.tables.summary import worst_and_median

COLOURS = {"measured": "green", "recorded": "yellow", "missing": "red"}


def console() -> Console:
    """Wide enough for the table where the output is a file and has no width of its own."""
    plain = Console()
    return plain if plain.is_terminal else Console(width=150)


def new_table(title: str) -> Table:
    """An empty table in the house's style: one rule, no boxes."""
    return Table(title=title, title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False)


def print_results(evidence: Evidence) -> None:
    """One row an isolation; rows say whether they are measured, recorded or missing, and why."""
    table = new_table("One image, every isolation")
    for at, head in enumerate(HEADER):
        table.add_column(head, justify="left" if at < 3 else "right")
    for row in results(evidence):
        colour = COLOURS.get(row.data.split(",")[0].split()[-1], "")
        data = f"[{colour}]{row.data}[/]" if colour else row.data
        table.add_row(*row[:2], data, *(cell.replace("[", r"\[") for cell in row[3:]))
    out = console()
    out.print(table)
    for name in ISOLATIONS:
        reason = evidence.reason(name)
        if reason:
            out.print(f"{name}: {evidence.source(name)}: {reason}", markup=False, highlight=False)


def print_errors(errors: pd.DataFrame, remarks: Sequence[str]) -> None:
    """How far the prediction is off for the numbers of instances that the fit has not seen."""
    table = new_table("Error of the prediction on held-out n")
    for head in ("isolation", "quantity", "held-out n", "median error", "largest"):
        table.add_column(head, justify="left" if head in ("isolation", "quantity") else "right")
    for row in worst_and_median(errors).itertuples():
        name = label(row.isolation, row.accelerator)
        quantity = str(row.quantity).replace("[", r"\[")
        table.add_row(name, quantity, row.ns, f"{row.median_ratio:.1%}", f"{row.worst_ratio:.1%}")
    out = console()
    if table.row_count:
        out.print(table)
    else:
        out.print("nothing was held out: no storm and no memory with n > 4", highlight=False)
    for remark in remarks:
        out.print(f"note: {remark}", markup=False, highlight=False)
