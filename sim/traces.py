"""Starts as a trace that Perfetto (ui.perfetto.dev) and chrome://tracing open.

One track group ("process") for the starts one by one and one for each storm of an isolation; in it
one track ("thread") for each start. A phase is a slice. Times count from the request.

Source: N. Duca, D. Sinclair, "Trace Event Format", the Chromium project: complete events (`ph` X,
`ts` and `dur` in microseconds) and metadata events (`ph` M).
"""

import json
import math
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from sim.contract import MODELLED, StartupRow, StormRow
from sim.errors import BadTable
from sim.experiments.memory import fits
from sim.experiments.startup import startup
from sim.experiments.storm import one_storm
from sim.files import read_meta, read_table, write_text
from sim.model.instance import Span
from sim.profiles import Profile

US = 1e6
NEXT_US = 0.5


class Slice(NamedTuple):
    """A phase of one start."""

    group: str
    track: str
    name: str
    begin_s: float
    duration_s: float
    cpu_s: float  # NaN: not known
    isolation: str
    accelerator: str
    source: str = "measured"  # or simulated, or recorded


def write_trace(path: Path, slices: Iterable[Slice]) -> int:
    """Write the slices as JSON, whole or not at all; how many there were."""
    found = list(slices)
    events = [*_names(found), *_events(found)]
    lines = ",\n".join(json.dumps(event, ensure_ascii=False) for event in events)
    write_text(path, f'{{"displayTimeUnit": "ms", "traceEvents": [\n{lines}\n]}}\n')
    return len(found)


def _numbered(slices: Sequence[Slice]) -> tuple[dict[str, int], dict[tuple[str, str], int]]:
    """Numbers for groups and for tracks, which the format wants beside the names, from 1."""
    groups = {name: at for at, name in enumerate(dict.fromkeys(s.group for s in slices), 1)}
    tracks = dict.fromkeys((s.group, s.track) for s in slices)
    return groups, {pair: at for at, pair in enumerate(tracks, 1)}


def _names(slices: Sequence[Slice]) -> Iterator[dict[str, object]]:
    groups, tracks = _numbered(slices)
    for name, pid in groups.items():
        yield {"ph": "M", "name": "process_name", "pid": pid, "tid": 0, "args": {"name": name}}
        order = {"sort_index": pid}
        yield {"ph": "M", "name": "process_sort_index", "pid": pid, "tid": 0, "args": order}
    for (group, track), tid in tracks.items():
        head = {"ph": "M", "pid": groups[group], "tid": tid}
        yield {**head, "name": "thread_name", "args": {"name": track}}
        yield {**head, "name": "thread_sort_index", "args": {"sort_index": tid}}


def _events(slices: Sequence[Slice]) -> Iterator[dict[str, object]]:
    groups, tracks = _numbered(slices)
    ends_us: dict[int, float] = {}
    for one in slices:
        tid = tracks[one.group, one.track]
        begin_us, end_us = (round(at * US, 3) for at in (one.begin_s, one.begin_s + one.duration_s))
        # Tables have nine digits: what follows without a gap must not overlap for want of a tenth.
        if abs(begin_us - ends_us.get(tid, math.inf)) < NEXT_US:
            begin_us = ends_us[tid]
        ends_us[tid] = max(begin_us, end_us)
        yield {
            "ph": "X",
            "name": one.name,
            "cat": one.isolation,
            "pid": groups[one.group],
            "tid": tid,
            "ts": begin_us,
            "dur": round(ends_us[tid] - begin_us, 3),
            "args": {} if math.isnan(one.cpu_s) else {"cpu_ms": round(1000 * one.cpu_s, 6)},
        }


def of_tables(folder: Path) -> Iterator[Slice]:
    """Starts phase by phase from startup.csv, storms from storm.csv, measured or simulated.

    Of a measured storm only the moments of request and of readiness are known: one slice a start.
    Raises BadTable if the folder has neither table.
    """
    there = [name for name in ("startup", "storm") if (folder / f"{name}.csv").exists()]
    if not there:
        raise BadTable(f"{folder}: has neither startup.csv nor storm.csv; nothing to trace")
    for name in there:
        source = str(read_meta(folder, name).get("source", "measured"))
        for row in read_table(folder, name, needed=False):
            if isinstance(row, StartupRow):
                yield of_start(row, source)
            elif isinstance(row, StormRow):
                yield of_storm(row, source)


def of_start(row: StartupRow, source: str) -> Slice:
    """A phase of one start."""
    first = ", first after the build" if row.first else ""
    return Slice(
        group=f"{row.isolation}, one by one, {source}",
        track=f"start {row.run}{first}",
        name=row.phase,
        begin_s=row.begin_s,
        duration_s=row.duration_s,
        cpu_s=row.cpu_s,
        isolation=row.isolation,
        accelerator=row.accelerator,
        source=source,
    )


def of_storm(row: StormRow, source: str) -> Slice:
    """One instance of a storm, from its request until it is ready."""
    return Slice(
        group=f"{row.isolation}, storm of {row.n}, no. {row.repeat}, {source}",
        track=f"instance {row.instance}",
        name="start",
        begin_s=row.requested_s,
        duration_s=row.ready_s - row.requested_s,
        cpu_s=math.nan,
        isolation=row.isolation,
        accelerator=row.accelerator,
        source=source,
    )


def of_frame(frame: Any, source: str = "measured") -> Iterator[Slice]:
    """Starts of a pandas frame with the columns of startup.csv or of storm.csv, a row a slice.

    A column `source`, if there is one, says where each row is from, else `source` does.
    """
    for row in frame.itertuples(index=False):
        make = of_start if hasattr(row, "phase") else of_storm
        yield make(row, getattr(row, "source", source))


def of_simulation(
    profile: Profile, isolations: Sequence[str] | None, ns: Sequence[int], seed: int
) -> Iterator[Slice]:
    """One start alone and one storm of each n, with every stage of every instance."""
    for name in isolations or [one for one in MODELLED if one in profile.isolation]:
        for row in startup(profile, name, runs=1, seed=seed):
            yield of_start(row, "simulated")
        for n in ns:
            if fits(profile, name, n):
                traced: list[list[Span]] = []
                one_storm(profile, profile[name], n, 0, seed, traced)
                head = f"{name}, storm of {n}, no. 0, simulated"
                yield from of_spans(head, traced, name, profile[name].accelerator)


def of_spans(
    group: str, traced: Sequence[Sequence[Span]], isolation: str, accelerator: str
) -> Iterator[Slice]:
    """What the model told of the stages of each instance."""
    for instance, spans in enumerate(traced):
        for span in spans:
            yield Slice(
                group=group,
                track=f"instance {instance}",
                name=span.stage,
                begin_s=span.begin_s,
                duration_s=span.end_s - span.begin_s,
                cpu_s=span.cpu_s,
                isolation=isolation,
                accelerator=accelerator,
                source="simulated",
            )
