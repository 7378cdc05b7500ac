"""The comparisons as pandas frames, one tidy row a turn: see `data/README.md`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from realrun.image import Store
from realrun.measure import contest, tables
from realrun.measure.experiment import Wish
from realrun.measure.recording import Recording
from realrun.measure.rows import TABLES, Row, columns
from realrun.runtime.spec import ISOLATIONS


def frame(name: str, rows: Sequence[Row]) -> pd.DataFrame:
    """Rows of table `name`."""
    return pd.DataFrame(rows, columns=columns(TABLES[name]))


def peers(**options: Any) -> pd.DataFrame:
    """`realrun bench peers`; `options` are those of `contest.peer_contest`."""
    return frame("peers", contest.peer_contest(**options).rows)


def start(**options: Any) -> pd.DataFrame:
    """`realrun bench start`: the steps of each start, of ours and of the floor's."""
    return frame("start", contest.start_contest(**options).steps)


def measured(
    experiment: str,
    image: str = "hello",
    isolations: Sequence[str] = ISOLATIONS,
    **wish: Any,
) -> dict[str, pd.DataFrame]:
    """`realrun bench EXPERIMENT`: every table that it makes, and `trials`, by name.

    `wish` are the fields of `realrun.measure.experiment.Wish`, such as `budget_s` and `seed`. Each
    frame has its birth certificate in `attrs`. Raises UsageError for an unknown experiment, Missing
    if the image runs in no way here.
    """
    command = f"realrun.measure.frames.measured({experiment!r})"
    with Recording([experiment], Store().resolve(image), isolations, Wish(**wish), command) as made:
        made.measure()
        found = {name: frame(name, made.rows(name)) for name in made.tables}
        for one in found.values():
            one.attrs |= made.certificate()
        return found


def table_of(experiment: str, table: str = "") -> Callable[..., pd.DataFrame]:
    """A function that measures and gives one table as a frame; its options are `measured`'s."""

    def measure(**options: Any) -> pd.DataFrame:
        return measured(experiment, **options)[table or experiment]

    measure.__doc__ = f"Measure `{experiment}`; options as in `measured`."
    return measure


instrument, startup, storm, memory = map(table_of, ("instrument", "startup", "storm", "memory"))
density, disk, work, neighbours = map(table_of, ("density", "disk", "work", "neighbours"))
waits, reconciliation = table_of("storm", "waits"), table_of("memory", "reconciliation")


def recorded(*folders: str | Path) -> dict[str, pd.DataFrame]:
    """The tables in one folder or several, one below the other, by name.

    `machine` and `session` tell which row is whose; `attrs` is the first certificate, with the rest
    in its `others`. Raises BadTable for a table that breaks the contract, or if two folders hold
    the same recording.
    """
    found: dict[str, pd.DataFrame] = {}
    for name in TABLES:
        there = [Path(one) for one in folders if tables.is_there(Path(one), name)]
        if there:
            first, *rest = tables.told_apart([tables.read_certificate(one, name) for one in there])
            found[name] = frame(name, [row for one in there for row in tables.read(one, name)])
            found[name].attrs |= {**first, "others": rest}
    return found
