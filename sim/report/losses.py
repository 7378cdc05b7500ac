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
    return [one for one in found if one.svg]


def accounts(evidence: Evidence, isolation: str) -> Exhibit:
    """From one account of memory to the next, at the smallest n."""
    rows = evidence.losses["reconciliation"]
    own = rows[rows["isolation"] == isolation]
    lines = way_between(own, isolation, int(own["n"].min()) if len(own) else 1)
    return Exhibit(
        name=f"accounts-{isolation}",
        shows="reconciliation",
        title=f"From account to account: {isolation}",
        words="How much memory is that? It depends on who counts: each account leaves out"
        " something that another one has. Shared pages are charged to whoever touched them"
        " first, so both orders are shown.",
        svg=drawn(charts.accounts, lines),
        tables={"lines": lines},
    )


def work(evidence: Evidence) -> Exhibit:
    """What the running program loses."""
    ratios = work_ratios(evidence.losses["work"])
    return Exhibit(
        name="work",
        shows="work",
        title="What the running program loses",
        words="A container's program runs on the host's processor and kernel: only what goes"
        " through more layers, such as files, may cost more. A guest pays wherever the processor"
        " has to leave it: system calls, page faults, devices.",
        svg=drawn(charts.work, ratios),
        tables={"relative to native": ratios},
    )


def density(evidence: Evidence) -> Exhibit:
    """How many fit."""
    rows = evidence.losses["density"]
    return Exhibit(
        name="density",
        shows="density",
        title="How many fit",
        words="One after the other, each beside all before it, until one fails, starts take twice"
        " as long, or something gets scarce.",
        svg=drawn(charts.density, rows),
        tables={"every start": rows},
    )


def disk(evidence: Evidence) -> Exhibit:
    """What lies on the disk."""
    parts = disk_use(evidence.losses["disk"])
    return Exhibit(
        name="disk",
        shows="disk",
        title="What lies on the disk",
        words="Instances share the image and keep what they write. A container that changes a"
        " byte gets a copy of the whole file, a guest one of a block; but a guest's image is a"
        " disk.",
        svg=drawn(charts.disk, parts),
        tables={"parts": parts},
    )
