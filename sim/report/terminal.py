"""What the commands print: results and prediction errors as tables, whole at 80 columns."""

from collections.abc import Sequence

import pandas as pd
from rich.markup import escape

from sim.contract import ISOLATIONS
from sim.report.evidence import Evidence
from sim.report.predictions import HEADER as PREDICTION_HEADER
from sim.report.predictions import predictions
from sim.report.results import HEADER, NONE, Result, results
from sim.terminal import console, new_table
from sim.wording import EMULATION

COLOURS = {"measured": "green", "recorded": "yellow", "missing": "red"}


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
