"""Exhibits of what isolation costs beyond the start, where that was measured or recorded."""

from sim import charts
from sim.contract import ISOLATIONS
from sim.report.evidence import Evidence
from sim.report.exhibit import Exhibit, drawn
from sim.tables.losses import disk_use, way_between, work_ratios


def losses(evidence: Evidence) -> list[Exhibit]:
    """Those that there is something to draw of."""
    found = [accounts(evidence, isolation) for isolation in ISOLATIONS]
    found += [work(evidence), density(evidence), disk(evidence)]
    return [one for one in found if any(one.svg.values())]


def accounts(evidence: Evidence, isolation: str) -> Exhibit:
    """From one account of memory to the next, at the smallest n."""
    rows = evidence.losses["reconciliation"]
    own = rows[rows["isolation"] == isolation]
    lines = way_between(own, isolation, int(own["n"].min()) if len(own) else 1)
    return Exhibit(
        about="accounts",
        of=isolation,
        shows="reconciliation",
        svg=drawn(charts.accounts, lines),
        tables={"lines": lines},
    )


def work(evidence: Evidence) -> Exhibit:
    """What the running program loses."""
    ratios = work_ratios(evidence.losses["work"])
    return Exhibit(
        about="work",
        shows="work",
        svg=drawn(charts.work, ratios),
        tables={"relative": ratios},
    )


def density(evidence: Evidence) -> Exhibit:
    """How many fit."""
    rows = evidence.losses["density"]
    return Exhibit(
        about="density",
        shows="density",
        svg=drawn(charts.density, rows),
        tables={"every_start": rows},
    )


def disk(evidence: Evidence) -> Exhibit:
    """What lies on the disk."""
    parts = disk_use(evidence.losses["disk"])
    return Exhibit(
        about="disk",
        shows="disk",
        svg=drawn(charts.disk, parts),
        tables={"parts": parts},
    )
