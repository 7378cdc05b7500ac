"""The answer in one paragraph, to be read aloud: figures computed from the tables, names said once.

First the comparison that people ask for, container against virtual machine; then the rest in short
sentences, always from the least isolated to the most.
"""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

import pandas as pd

from sim.contract import ISOLATIONS
from sim.report.evidence import Evidence
from sim.report.predictions import percent
from sim.tables.summary import memory_each, one_instance, start_medians, worst_and_median
from sim.wording import mib, seconds

AS = {
    "process": "as a plain process",
    "container": "in a container",
    "uml": "in User-Mode Linux (uml)",
    "qemu": "in a virtual machine (qemu)",
}
WITH = {
    "kvm": "The virtual machine has hardware virtualisation (kvm).",
    "tcg": "The virtual machine is emulated in software (tcg): with hardware virtualisation it"
    " would be faster.",
}
SPOKEN = {
    "storm makespan [s]": "the last to be ready",
    "storm p50 [s]": "the median one",
    "memory pss [MiB]": "memory",
}
GUEST_PARTS = ["guest kernel", "guest page cache", "vmm"]


class Cost(NamedTuple):
    """What one isolation costs; NaN where it is not known."""

    accelerator: str
    start_s: float
    each_mib: float
    further_mib: float


def answer(evidence: Evidence) -> list[str]:
    """The sentences as plain text; says so where there is nothing to answer with."""
    costs, memory = _costs(evidence), evidence.tables.memory
    first = list(_comparison(costs, evidence.source("qemu"), evidence.source("container")))
    rest = [
        *_starts(costs),
        *_memory(costs),
        *_systems(one_instance(memory)),
        *_charged(memory_each(memory, "cgroup")),
        *_storms(evidence.storms[0]),
        *_model(evidence.errors),
    ]
    elsewhere = list(_elsewhere(evidence))
    sentences = [*first, *elsewhere, *rest] if first else [*rest, *elsewhere]
    return sentences or ["Nothing was measured and nothing is recorded: there is no answer."]


def _costs(evidence: Evidence) -> dict[str, Cost]:
    """By isolation, from the least isolated to the most."""
    starts = {row.isolation: row for row in start_medians(evidence.tables.startup).itertuples()}
    memory = {row.isolation: row for row in memory_each(evidence.tables.memory).itertuples()}
    nan, found = float("nan"), {}
    for name in ISOLATIONS:
        start, held = starts.get(name), memory.get(name)
        if known := start or held:
            found[name] = Cost(
                str(known.accelerator),
                float(start.median_s) if start else nan,
                float(held.each_mib) if held else nan,
                float(held.further_mib) if held else nan,
            )
    return found


def _comparison(costs: dict[str, Cost], source: str, base_source: str) -> Iterator[str]:
    """A container against a virtual machine: the start, and each further instance."""
    elsewhere = "" if source == base_source else " (recorded on another machine)"
    guest, base = costs.get("qemu"), costs.get("container")
    if guest is not None and base is not None:
        said = []
        if guest.start_s > 0 and base.start_s > 0:
            said.append(
                f"takes {times(guest.start_s, base.start_s)} as long to start as a container,"
                f" {seconds(guest.start_s)} against {seconds(base.start_s)}"
            )
        if guest.further_mib > 0 and base.further_mib > 0:
            said.append(
                f"each further one takes {times(guest.further_mib, base.further_mib)} the memory,"
                f" {mib(guest.further_mib)} against {mib(base.further_mib)}"
            )
        if said:
            yield f"Run from the same image, a virtual machine{elsewhere} {', and '.join(said)}."
    if guest is not None and guest.accelerator in WITH:
        yield WITH[guest.accelerator]


def times(large: float, small: float) -> str:
    """How many times as much, with two significant digits; below 10 with one decimal.

    >>> times(2.61, 0.00827), times(3.0, 2.0), times(211, 0.0471)
    ('320 times', '1.5 times', '4,500 times')
    """
    return f"{float(f'{large / small:.2g}'):,g} times"


def _starts(costs: dict[str, Cost]) -> Iterator[str]:
    """How long each takes to its first output, and how that compares with a container."""
    known = {name: cost for name, cost in costs.items() if cost.start_s > 0}
    told = joined(f"{seconds(cost.start_s)} {AS[name]}" for name, cost in known.items())
    if told:
        yield f"From the request to its first output the image takes {told}."
    base, uml = known.get("container"), known.get("uml")
    if base and uml:
        ratio = times(uml.start_s, base.start_s)
        yield f"So uml takes {ratio} the {seconds(base.start_s)} of a container."


def joined(words: Iterable[str]) -> str:
    """`a, b and c`

    >>> joined("abc"), joined("a"), joined("")
    ('a, b and c', 'a', '')
    """
    told = list(words)
    return " and ".join([", ".join(told[:-1]), told[-1]] if len(told) > 1 else told)


def _memory(costs: dict[str, Cost]) -> Iterator[str]:
    """What one instance takes, and what the next one adds."""
    one = joined(f"{mib(it.each_mib)} ({name})" for name, it in costs.items() if it.each_mib > 0)
    if one:
        yield f"One instance takes {one} of memory."
    more = joined(
        f"{mib(it.further_mib)} ({name})" for name, it in costs.items() if it.further_mib > 0
    )
    if more:
        yield f"What instances share is there once, so each further one adds {more}."


def _systems(parts: pd.DataFrame) -> Iterator[str]:
    """The share of a guest's memory that is not its program."""
    shares = []
    for name in ISOLATIONS:
        mine = parts[parts["isolation"] == name]
        system = mine[mine["part"].isin(GUEST_PARTS)]
        if len(system):
            share = system["value_mib"].sum() / mine["value_mib"].sum()
            shares.append(f"{percent(share)} ({name})")
    if shares:
        yield (
            f"Of a guest's memory {joined(shares)} is not the program but a kernel of its own, that"
            " kernel's page cache, and the monitor."
        )


def _charged(memory: pd.DataFrame) -> Iterator[str]:
    """The same by the account that holds what the host's kernel keeps for an instance."""
    more = joined(
        f"{mib(row.further_mib)} ({row.isolation})"
        for row in memory.itertuples()
        if row.further_mib > 0
    )
    if more:
        yield f"With what the host's kernel keeps for it, a further one is charged {more}."


def _storms(points: pd.DataFrame) -> Iterator[str]:
    """The largest number of instances that every isolation was started with at once."""
    common = [set(rows["n"]) for _, rows in points.groupby("isolation")]
    shared = set.intersection(*common) if common else set()
    if not shared or max(shared) == 1:
        return
    n = max(shared)
    ready = joined(
        f"{seconds(row.makespan_s)} ({row.isolation})"
        for row in points[points["n"] == n].itertuples()
    )
    yield f"When {n} start at once, the last is ready after {ready}."


def _model(errors: pd.DataFrame) -> Iterator[str]:
    """How good the model is where it had to predict."""
    held_out = worst_and_median(errors)
    found = []
    for quantity, words in SPOKEN.items():
        rows = held_out[held_out["quantity"] == quantity]
        if len(rows):
            found.append(f"{percent(rows['median_ratio'].median())} for {words}")
    if found:
        yield (
            "The model was fitted to at most four at once; beyond that its median error is"
            f" {joined(found)}."
        )


def _elsewhere(evidence: Evidence) -> Iterator[str]:
    """Whose numbers are not of this machine, and whose there are none of."""
    for source, words in (
        ("recorded", "Recorded on another machine, not measured on this one:"),
        ("missing", "Neither measured nor recorded:"),
    ):
        names = [name for name in ISOLATIONS if source in evidence.source(name)]
        if names and evidence.tables.isolations():
            yield f"{words} {joined(names)}."
