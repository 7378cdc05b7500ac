"""The report: one page and one table; both say what is measured, recorded or missing."""

from sim.report.evidence import Evidence, gather
from sim.report.page import page
from sim.report.terminal import print_results

__all__ = ["Evidence", "gather", "page", "print_results"]
