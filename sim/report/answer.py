"""The answer in one paragraph: sentences whose figures are computed from the tables.

The first sentence names each isolation with its accelerator, and says so if one is emulated.
"""

from collections.abc import Iterator

import pandas as pd

from sim.charts.style import label, mib, rows_of, seconds, three
from sim.report.evidence import Evidence
from sim.tables.summary import memory_each, one_instance, start_medians, worst_and_median

FINDINGS = {
    "storm makespan [s]": "until the last is ready",
    "storm p50 [s]": "until the median one is",
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
    """How long each takes, guests also as a multiple of the container's start."""
    told = {str(row.isolation): row for row in medians.itertuples()}
    base = told.get("container")
    times = []
    for name, row in told.items():
        ratio = row.median_s / base.median_s if base is not None else 0.0
        more = f", {three(ratio)} × the container" if ratio > 1 else ""
        times.append(f"{seconds(row.median_s)} ({label(name, row.accelerator)}{more})")
    if times:
        yield f"From the request to its first output the image takes {joined(times)}."
    if (medians["accelerator"] == "tcg").any():
        yield "Emulation (tcg) is done in software; hardware virtualisation would be faster."


def joined(words: list[str]) -> str:
    """`a, b and c`"""
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


def _memory(memory: pd.DataFrame) -> Iterator[str]:
    """What one instance takes, and how much of that is a guest's own system."""
    rows = list(memory_each(memory).itertuples())
    amounts = [f"{mib(row.each_mib)} ({row.isolation})" for row in rows]
    if amounts:
        yield f"One instance takes {joined(amounts)} of memory."
    more = [f"{mib(row.further_mib)} ({row.isolation})" for row in rows if row.further_mib > 0]
    if more:
        yield f"What all share is there only once: each further one adds {joined(more)}."
    parts, shares = one_instance(memory), []
    for row in rows:
        mine = rows_of(parts, (row.isolation, row.accelerator))
        system = mine[mine["part"].isin(["guest kernel", "guest page cache", "vmm"])]
        if len(system):
            share = system["value_mib"].sum() / mine["value_mib"].sum()
            shares.append(f"{share:.0%} ({row.isolation})")
    if shares:
        yield (
            f"Of a guest's memory {joined(shares)} is not the program but a kernel of its own, that"
            " kernel's page cache, and the monitor."
        )


def _storms(points: pd.DataFrame) -> Iterator[str]:
    """The largest number of instances that every isolation was started with at once."""
    common = [set(rows["n"]) for _, rows in points.groupby("isolation")]
    shared = set.intersection(*common) if common else set()
    if not shared or max(shared) == 1:
        return
    n = max(shared)
    times = [
        f"{seconds(row.makespan_s)} ({row.isolation})"
        for row in points[points["n"] == n].itertuples()
    ]
    yield f"When {n} start at once, the last is ready after {joined(times)}."


def _model(errors: pd.DataFrame) -> Iterator[str]:
    """How good the model is where it had to predict."""
    held_out = worst_and_median(errors)
    found = []
    for quantity, words in FINDINGS.items():
        rows = held_out[held_out["quantity"] == quantity]
        if len(rows):
            found.append(f"{rows['median_ratio'].median():.0%} ({words})")
    if found:
        yield (
            "The model was fitted to at most four at once; beyond that its median error is"
            f" {joined(found)}."
        )
