"""`sim calibrate DIR` and `sim validate DIR`: tables that were measured."""

from pathlib import Path

import pandas as pd
from rich.markup import escape

from sim.calibrate import calibrate
from sim.errors import SimError
from sim.profile_files import write_profile
from sim.report.predictions import percent
from sim.report.terminal import print_errors
from sim.terminal import console, new_table

AIMS = {  # quantity -> how large the median error over held-out points may be
    "storm makespan [s]": 0.10,
    "storm p50 [s]": 0.10,
    "storm p95 [s]": 0.15,
    "memory pss [MiB]": 0.05,
    "memory cgroup [MiB]": 0.05,
}
HEADER = ("isolation", "n", "quantity", "measured", "predicted", "error", "median", "aim")


def calibrate_tables(folder: Path, output: Path, command: str) -> None:
    """Fit, write the profile, and print how well it predicts what it has not seen."""
    found = calibrate(folder, command)
    write_profile(output, found.profile)
    print_errors(found.errors, found.remarks)
    print(output)


def validate_tables(folder: Path, output: Path | None, command: str) -> None:
    """Fit to n <= 4; print every held-out point, measured against predicted; draw them."""
    if output and output.suffix not in (".svg", ".png"):
        raise SimError(f"{output}: a chart is a file whose name ends in .svg or .png")
    found = calibrate(folder, command)
    held_out = found.errors[found.errors["held_out"]]
    if output and len(held_out):
        from sim.charts import save, validation

        save(validation(found.errors, AIMS), output)
    _print_points(held_out)
    for remark in found.remarks:
        console().print(f"note: {remark}", markup=False, highlight=False)
    if output and len(held_out):
        print(output)


def _print_points(held_out: pd.DataFrame) -> None:
    """Each point; behind the last of a quantity the median size of its errors, and the aim."""
    out = console()
    if held_out.empty:
        out.print("nothing was held out: no storm and no memory with n > 4", highlight=False)
        return
    table = new_table("Held-out points: fitted to n <= 4, predicted beyond", HEADER)
    met = total = 0
    for (isolation, quantity), rows in held_out.groupby(["isolation", "quantity"], sort=False):
        middle, aim = rows["error_ratio"].abs().median(), AIMS[str(quantity)]
        met, total = met + (middle <= aim), total + 1
        for at, row in enumerate(rows.sort_values("n").itertuples(), start=1):
            values = f"{row.value_measured:.4g}", f"{row.value_simulated:.4g}"
            error = f"{100 * row.error_ratio:+.1f} %"
            ends = (percent(middle), percent(aim)) if at == len(rows) else ("", "")
            table.add_row(str(isolation), str(row.n), escape(str(quantity)), *values, error, *ends)
    out.print(table)
    out.print(f"{met} of {total} medians within their aim", highlight=False)
