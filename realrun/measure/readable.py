"""What the experiments found, as tables for people: title, header and lines.

Trials of the warm-up are left out. The interval of a ratio is that of `ratios.compare`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from statistics import median
from typing import TypeVar

from realrun.measure import ratios
from realrun.measure.rows import (
    DensityRow,
    DiskRow,
    MemoryRow,
    NeighbourRow,
    ReconciliationRow,
    Row,
    WorkRow,
)

Lines = list[tuple[str, ...]]
Titled = Iterator[tuple[str, Lines]]
ACCOUNTS = ("rss", "pss", "uss", "cgroup", "available")
SIGNS = {"account": "=", "noise": "~"}
R = TypeVar("R", bound=Row)
K = TypeVar("K", bound=Hashable)


def where(row: Row) -> str:
    """How it was run.

    >>> where(Row("m", "qemu", "tcg", level="snapshot"))
    'qemu:snapshot'
    """
    return f"{row.isolation}:{row.level}" if row.level else row.isolation


def grouped(rows: Iterable[Row], kind: type[R], key: Callable[[R], K]) -> dict[K, list[R]]:
    """The rows of one kind by a key, in the order in which the keys come."""
    found: dict[K, list[R]] = defaultdict(list)
    for row in rows:
        if isinstance(row, kind):
            found[key(row)].append(row)
    return found


def number(value: float) -> str:
    """Three or more digits, and no power of ten.

    >>> number(0.01234), number(1234567.0), number(0.0)
    ('0.0123', '1,234,567', '0')
    """
    size = abs(value)
    digits = 0 if size >= 100 or not size else 1 if size >= 10 else 2 if size >= 1 else 4
    return f"{value:,.{digits}f}"


def ratio(ours: Sequence[float], theirs: Sequence[float]) -> tuple[str, str]:
    """A ratio of medians and its interval."""
    if not ours or not theirs:
        return "", ""
    found = ratios.compare(ours, theirs)
    return f"{found.median:.3f}", f"{found.low:.3f} - {found.high:.3f}"


def memory(rows: Sequence[Row]) -> Titled:
    """The accounts side by side, and the way from one to the next for the smallest number."""
    body: Lines = []
    crowds = grouped(rows, MemoryRow, lambda row: (where(row), row.n))
    for (name, n), crowd in sorted(crowds.items()):
        totals = grouped(crowd, MemoryRow, lambda row: (row.account, row.part))
        values = [[r.value_mib for r in totals.get((one, "total"), [])] for one in ACCOUNTS]
        cells = [f"{median(one):.1f}" if one else "" for one in values]
        body.append((name, str(n), *cells))
    yield "memory: all together [MiB]", [("isolation", "n", *ACCOUNTS), *body]
    for (name, n), lines in grouped(
        rows, ReconciliationRow, lambda row: (where(row), row.n)
    ).items():
        if n == min(row.n for row in rows if isinstance(row, ReconciliationRow)):
            yield f"from account to account: {n} x {name} [MiB]", reconciled(lines)


def reconciled(rows: Sequence[ReconciliationRow]) -> Lines:
    """Both orders side by side; an account is what stands above it and all the lines between."""
    told = grouped(rows, ReconciliationRow, lambda row: (row.line, row.touched))
    orders = sorted({row.touched for row in rows})
    names = {row.line: f"{SIGNS.get(row.kind, ' ')} {row.text}" for row in rows}
    body = []
    for line, name in sorted(names.items()):
        values = [[r.value_mib for r in told.get((line, one), [])] for one in orders]
        body.append((name, *(f"{median(one):.2f}" if one else "" for one in values)))
    return [("account or reason", *(f"touched first: {one}" for one in orders)), *body]


def density(rows: Sequence[Row]) -> Titled:
    """How many there were, and why not more."""
    body = []
    for (name, _), fill in grouped(rows, DensityRow, lambda row: (where(row), row.trial)).items():
        first, last = fill[0], fill[-1]
        each_mib = (first.memory_mib - last.memory_mib) / max(len(fill) - 1, 1)
        starts = (f"{one.start_s * 1e3:,.1f}" for one in (first, last))
        body.append((name, str(last.n), last.stop, *starts, f"{each_mib:.1f}"))
    header = ("isolation", "fitted", "stopped by", "first [ms]", "last [ms]", "each [MiB]")
    yield "density", [header, *body]


def disk(rows: Sequence[Row]) -> Titled:
    """Blocks on the disk: of an image once, of the instances by what they did."""
    body: Lines = []
    cases = grouped(rows, DiskRow, lambda row: (where(row), row.part, row.n, row.state))
    for (name, part, n, state), same in cases.items():
        own = part == "instances"
        if not own and (name, part) in {line[:2] for line in body}:
            continue
        apparent = f"{median(r.apparent_mib for r in same):.2f}"
        allocated = f"{median(r.allocated_mib for r in same):.2f}"
        body.append((name, part, *((str(n), state) if own else ("", "")), apparent, allocated))
    header = ("isolation", "part", "n", "state", "apparent [MiB]", "allocated [MiB]")
    yield "disk", [header, *sorted(body)]


def rates(rows: Iterable[WorkRow | NeighbourRow]) -> list[float]:
    """Of those that did something."""
    return [row.amount / row.inside_s for row in rows if row.amount and row.inside_s]


def work(rows: Sequence[Row]) -> Titled:
    """Rates, and their ratios to native; then by how much the two clocks differ."""
    found = grouped(rows, WorkRow, lambda row: (row.kind, where(row)))
    body = []
    for (kind, name), same in sorted(found.items()):
        own, native = rates(same), rates(found.get((kind, "native"), []))
        rate = number(median(own)) if own else "failed"
        body.append((f"{kind} [{same[0].unit}]", name, rate, *ratio(own, native)))
    yield "work", [("work", "where", "a second", "to native", "95 % interval"), *body]
    clocks = []
    for name, same in sorted(grouped(rows, WorkRow, where).items()):
        ratios_of = [r.inside_s / r.host_s - 1 for r in same if r.inside_s and r.host_s]
        if ratios_of:
            ends = min(ratios_of), median(ratios_of), max(ratios_of)
            clocks.append((name, *(f"{one:+.2%}" for one in ends)))
    yield (
        "how much longer it took by the clock inside",
        [("where", "least", "median", "most"), *clocks],
    )


def neighbours(rows: Sequence[Row]) -> Titled:
    """What is left of the victim's rate, and by how much its slow steps get slower."""
    found = grouped(rows, NeighbourRow, lambda row: (where(row), row.kind, row.noise, row.limit))
    body = []
    for (name, kind, noise, limit), same in sorted(found.items()):
        if not noise:
            continue
        quiet = found.get((name, kind, "", ""), [])
        slow = ratio([r.step_p99_s for r in same], [r.step_p99_s for r in quiet])[0]
        ended = "" if same[0].neighbour == "at work" else same[0].neighbour
        beside = ", ".join(filter(None, (noise, limit, ended)))
        body.append((name, kind, beside, *ratio(rates(same), rates(quiet)), slow))
    header = ("isolation", "work", "beside", "rate left", "95 % interval", "slowest 1 %")
    yield "neighbours, relative to peace", [header, *body]
