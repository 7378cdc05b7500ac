"""The answer in one paragraph: sentences whose figures are computed from the tables."""

from collections.abc import Iterator

import pandas as pd

from sim.charts.style import label, mib, rows_of, seconds, three
from sim.report.evidence import Evidence
from sim.tables.summary import memory_each, one_instance, start_medians, worst_and_median

FINDINGS = {
    "storm makespan [s]": "the time until the last of a storm is ready",
    "storm p50 [s]": "the time until the median one is ready",
    "memory pss [MiB]": "memory",
}


def answer(evidence: Evidence) -> str:
    """The paragraph as plain text; says so where there is nothing to answer with."""
    sentences = [
        *_starts(start_medians(evidence.tables.startup)),
        *_memory(evidence.tables.memory),
        *_storms(evidence.storms[0]),
        *_model(evidence.errors),
    ]
    return (
        " ".join(sentences) or "Nothing was measured and nothing is recorded: there is no answer."
    )


def _starts(medians: pd.DataFrame) -> Iterator[str]:
    """How long each takes, as a multiple of the container's start."""
    told = {row.isolation: row for row in medians.itertuples()}
    base = told.get("container") or told.get("process")
    if base is None:
        return
    others = [row for name, row in told.items() if name != base.isolation]
    times = [
        f"{label(row.isolation, row.accelerator)} {seconds(row.median_s)}"
        f" ({three(row.median_s / base.median_s)} ×)"
        for row in others
    ]
    yield (
        f"From the request to its first output the image takes {seconds(base.median_s)} as"
        f" {label(base.isolation, base.accelerator)}" + (f"; {', '.join(times)}." if times else ".")
    )


def _memory(memory: pd.DataFrame) -> Iterator[str]:
    """What one instance takes, and how much of that is a guest's own system."""
    each = {row.isolation: row for row in memory_each(memory).itertuples()}
    if not each:
        return
    amounts = [f"{label(r.isolation, r.accelerator)} {mib(r.each_mib)}" for r in each.values()]
    yield f"Memory of one instance (pss): {', '.join(amounts)}."
    parts = one_instance(memory)
    for name, row in each.items():
        mine = rows_of(parts, (name, row.accelerator))
        system = mine[mine["part"].isin(["guest kernel", "guest page cache", "vmm"])]
        if len(system):
            share = system["value_mib"].sum() / mine["value_mib"].sum()
            yield f"Of {name}'s memory {share:.0%} is guest kernel, guest page cache and monitor."


def _storms(points: pd.DataFrame) -> Iterator[str]:
    """The largest number of instances that every isolation was started with at once."""
    common = [set(rows["n"]) for _, rows in points.groupby("isolation")]
    shared = set.intersection(*common) if common else set()
    if not shared or max(shared) == 1:
        return
    n = max(shared)
    times = [
        f"{label(row.isolation, row.accelerator)} {seconds(row.makespan_s)}"
        for row in points[points["n"] == n].itertuples()
    ]
    yield f"When {n} start at once, the last is ready after: {', '.join(times)}."


def _model(errors: pd.DataFrame) -> Iterator[str]:
    """How good the model is where it had to predict."""
    held_out = worst_and_median(errors)
    found = []
    for quantity, words in FINDINGS.items():
        rows = held_out[held_out["quantity"] == quantity]
        if len(rows):
            found.append(f"{words} {rows['median_ratio'].median():.0%}")
    if found:
        yield (
            "The model has seen at most four at once; beyond that its median error is: "
            + ", ".join(found)
            + "."
        )
