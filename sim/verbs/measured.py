"""`sim calibrate DIR` and `sim validate DIR`: tables that were measured."""

from pathlib import Path

from sim.calibrate import calibrate
from sim.profile_files import write_profile
from sim.report.terminal import print_errors


def calibrate_tables(folder: Path, output: Path, command: str) -> None:
    """Fit, write the profile, and print how well it predicts what it has not seen."""
    found = calibrate(folder, command)
    write_profile(output, found.profile)
    print_errors(found.errors, found.remarks)
    print(output)


def validate_tables(folder: Path, output: Path | None, command: str) -> None:
    """Fit to n <= 4 and print every held-out point, measured against predicted."""
    found = calibrate(folder, command)
    print_errors(found.errors, found.remarks)
