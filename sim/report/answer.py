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
from sim.report.words import WORDS
from sim.tables.summary import memory_each, one_instance, start_medians, worst_and_median
from sim.wording import Texts, mib, seconds

WITH = ("kvm", "tcg")  # accelerators that a sentence is said about
SPOKEN = {
    "storm makespan [s]": "error_makespan",
    "storm p50 [s]": "error_p50",
    "memory pss [MiB]": "error_memory",
}
GUEST_PARTS = ["guest kernel", "guest page cache", "vmm"]


class Cost(NamedTuple):
    """What one isolation costs; NaN where it is not known."""

    accelerator: str
    start_s: float
    each_mib: float
    further_mib: float


def answer(evidence: Evidence, words: Texts = WORDS["en"]) -> list[str]:
    """The sentences as plain text; says so where there is nothing to answer with."""
    costs, memory = _costs(evidence), evidence.tables.memory
    elsewhere = evidence.source("qemu") != evidence.source("container")
    first = list(_comparison(costs, words, words["on_another"] if elsewhere else ""))
    rest = [
        *_starts(costs, words),
        *_memory(costs, words),
        *_systems(one_instance(memory), words),
        *_charged(memory_each(memory, "cgroup"), words),
        *_storms(evidence.storms[0], words),
        *_model(evidence.errors, words),
    ]
    others = list(_elsewhere(evidence, words))
    sentences = [*first, *others, *rest] if first else [*rest, *others]
    return sentences or [words["no_answer"]]


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


def _comparison(costs: dict[str, Cost], words: Texts, elsewhere: str) -> Iterator[str]:
    """A container against a virtual machine: the start, and each further instance."""
    guest, base = costs.get("qemu"), costs.get("container")
    if guest is not None and base is not None:
        started = guest.start_s > 0 and base.start_s > 0
        grown = guest.further_mib > 0 and base.further_mib > 0
        told = {"elsewhere": elsewhere}
        if started:
            told["start_times"] = times(guest.start_s, base.start_s)
            told |= {"start": seconds(guest.start_s), "base_start": seconds(base.start_s)}
        if grown:
            told["more_times"] = times(guest.further_mib, base.further_mib)
            told |= {"more": mib(guest.further_mib), "base_more": mib(base.further_mib)}
        if started or grown:
            which = "compare" if started and grown else "compare_start" if started else None
            yield words[which or "compare_more"].format(**told)
    if guest is not None and guest.accelerator in WITH:
        yield words[f"with_{guest.accelerator}"]


def times(large: float, small: float) -> str:
    """How many times as much, with two significant digits; below 10 with one decimal.

    >>> times(2.61, 0.00827), times(3.0, 2.0), times(211, 0.0471)
    ('320', '1.5', '4,500')
    """
    return f"{float(f'{large / small:.2g}'):,g}"


def _starts(costs: dict[str, Cost], words: Texts) -> Iterator[str]:
    """How long each takes to its first output, and how that compares with a container."""
    known = {name: cost for name, cost in costs.items() if cost.start_s > 0}
    told = joined(
        (
            words["start_is"].format(time=seconds(cost.start_s), how=words[f"as_{name}"])
            for name, cost in known.items()
        ),
        words,
    )
    if told:
        yield words["starts_are"].format(told=told)
    base, uml = known.get("container"), known.get("uml")
    if base and uml:
        ratio = times(uml.start_s, base.start_s)
        yield words["uml_start"].format(times=ratio, base=seconds(base.start_s))


def joined(told: Iterable[str], words: Texts) -> str:
    """`a, b and c`

    >>> joined("abc", WORDS["en"]), joined("a", WORDS["en"]), joined("", WORDS["en"])
    ('a, b and c', 'a', '')
    """
    told = list(told)
    return words["and"].join([", ".join(told[:-1]), told[-1]] if len(told) > 1 else told)


def _named(values: Iterable[tuple[str, str]], words: Texts) -> str:
    """Values, each with the isolation that it belongs to."""
    return joined((words["named"].format(name=name, value=text) for name, text in values), words)


def _memory(costs: dict[str, Cost], words: Texts) -> Iterator[str]:
    """What one instance takes, and what the next one adds."""
    one = [(name, mib(it.each_mib)) for name, it in costs.items() if it.each_mib > 0]
    if one:
        yield words["one_takes"].format(told=_named(one, words))
    more = [(name, mib(it.further_mib)) for name, it in costs.items() if it.further_mib > 0]
    if more:
        yield words["next_adds"].format(told=_named(more, words))


def _systems(parts: pd.DataFrame, words: Texts) -> Iterator[str]:
    """The share of a guest's memory that is not its program."""
    shares = []
    for name in ISOLATIONS:
        mine = parts[parts["isolation"] == name]
        system = mine[mine["part"].isin(GUEST_PARTS)]
        if len(system):
            shares.append((name, percent(system["value_mib"].sum() / mine["value_mib"].sum())))
    if shares:
        yield words["systems"].format(told=_named(shares, words))


def _charged(memory: pd.DataFrame, words: Texts) -> Iterator[str]:
    """The same by the account that holds what the host's kernel keeps for an instance."""
    more = [(row.isolation, mib(row.further_mib)) for row in memory.itertuples()
            if row.further_mib > 0]  # fmt: skip
    if more:
        yield words["charged"].format(told=_named(more, words))


def _storms(points: pd.DataFrame, words: Texts) -> Iterator[str]:
    """The largest number of instances that every isolation was started with at once."""
    common = [set(rows["n"]) for _, rows in points.groupby("isolation")]
    shared = set.intersection(*common) if common else set()
    if not shared or max(shared) == 1:
        return
    n = max(shared)
    rows = points[points["n"] == n].itertuples()
    ready = [(str(row.isolation), seconds(float(row.makespan_s))) for row in rows]
    yield words["storms"].format(n=n, told=_named(ready, words))


def _model(errors: pd.DataFrame, words: Texts) -> Iterator[str]:
    """How good the model is where it had to predict."""
    held_out = worst_and_median(errors)
    found = []
    for quantity, name in SPOKEN.items():
        rows = held_out[held_out["quantity"] == quantity]
        if len(rows):
            error = percent(rows["median_ratio"].median())
            found.append(words["error_of"].format(error=error, what=words[name]))
    if found:
        yield words["model_is"].format(told=joined(found, words))


def _elsewhere(evidence: Evidence, words: Texts) -> Iterator[str]:
    """Whose numbers are not of this machine, and whose there are none of."""
    for source in ("recorded", "missing"):
        names = [name for name in ISOLATIONS if source in evidence.source(name)]
        if names and evidence.tables.isolations():
            yield words[f"{source}_are"].format(names=joined(names, words))
