"""Which starts a timeline shows: as many of each isolation, out of tables or out of the model."""

from collections.abc import Sequence
from pathlib import Path
from statistics import median_low

from sim.contract import MODELLED, StartupRow, StormRow
from sim.errors import BadTable, SimError
from sim.experiments.memory import fits
from sim.experiments.storm import one_storm
from sim.files import read_meta, read_table
from sim.model.instance import Span
from sim.profiles import Profile
from sim.traces import Slice, of_spans, of_start, of_storm

N = 8  # of a simulated crowd, if nobody says otherwise


def of_folder(folder: Path, isolations: Sequence[str], n: int | None) -> list[Slice]:
    """Of each isolation the first storm of `n`; with n = 1 the phases of its median warm start.

    Without `n`: the largest that every isolation was measured with. No `isolations`: all there are.
    Raises BadTable where there is nothing of the kind, and says what there is.
    """
    if n == 1:
        return _alone(folder, isolations or MODELLED)
    told = read_table(folder, "storm")
    rows = [
        row
        for row in told
        if isinstance(row, StormRow) and row.isolation in (isolations or MODELLED)
    ]
    sizes = [{row.n for row in rows if row.isolation == name} for name in _names(rows)]
    wanted = n or max(set.intersection(*sizes) if sizes else (), default=None)
    kept = [row for row in rows if row.n == wanted]
    if not kept:
        there = ", ".join(map(str, sorted(set().union(*sizes)))) or "none of these isolations"
        raise BadTable(f"{folder / 'storm.csv'}: no storm with n = {wanted}; there are {there}")
    first = {name: min(r.repeat for r in kept if r.isolation == name) for name in _names(kept)}
    source = _source(folder, "storm")
    return [of_storm(row, source) for row in kept if row.repeat == first[row.isolation]]


def _names(rows: Sequence[StormRow | StartupRow]) -> list[str]:
    return list(dict.fromkeys(row.isolation for row in rows))


def _source(folder: Path, table: str) -> str:
    return str(read_meta(folder, table).get("source", "measured"))


def _alone(folder: Path, isolations: Sequence[str]) -> list[Slice]:
    rows = [
        row
        for row in read_table(folder, "startup")
        if isinstance(row, StartupRow)
        and row.isolation in isolations
        and row.part == "start"
        and not row.first
    ]
    if not rows:
        raise BadTable(f"{folder / 'startup.csv'}: no warm start of {', '.join(isolations)}")
    totals: dict[str, dict[int, float]] = {}
    for row in rows:
        runs = totals.setdefault(row.isolation, {})
        runs[row.run] = runs.get(row.run, 0.0) + row.duration_s
    middle = {
        name: min(runs, key=lambda run: abs(runs[run] - median_low(runs.values())))
        for name, runs in totals.items()
    }
    source = _source(folder, "startup")
    return [of_start(row, source) for row in rows if row.run == middle[row.isolation]]


def of_profile(
    profile: Profile, isolations: Sequence[str], n: int | None, seed: int
) -> list[Slice]:
    """A simulated storm of `n` (8) of each isolation, with every stage of every instance.

    Raises SimError if none of them fits into the host's memory.
    """
    n = n or N
    found: list[Slice] = []
    for name in isolations or [one for one in MODELLED if one in profile.isolation]:
        kind = profile[name]
        if fits(profile, name, n):
            traced: list[list[Span]] = []
            one_storm(profile, kind, n, 0, seed, traced)
            found += of_spans(f"{name}, storm of {n}", traced, name, kind.accelerator)
    if not found:
        raise SimError(f"n = {n}: more than the host's memory holds, of every isolation")
    return found
