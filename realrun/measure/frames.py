"""The comparisons as pandas frames, one tidy row a turn: see `data/README.md`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

from realrun.image import Store
from realrun.measure import contest
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

    `wish` are the fields of `realrun.measure.experiment.Wish`, such as `budget_s` and `seed`.
    Raises UsageError for an unknown experiment, Missing if the image runs in no way here.
    """
    command = f"realrun.measure.frames.measured({experiment!r})"
    with Recording([experiment], Store().resolve(image), isolations, Wish(**wish), command) as made:
        made.measure()
        return {name: frame(name, made.rows(name)) for name in made.tables}


def memory(**options: Any) -> pd.DataFrame:
    """What waiting instances hold, by account; `options` as in `measured`."""
    return measured("memory", **options)["memory"]


def reconciliation(**options: Any) -> pd.DataFrame:
    """From one account of memory to the next, line by line; `options` as in `measured`."""
    return measured("memory", **options)["reconciliation"]


def density(**options: Any) -> pd.DataFrame:
    """Each instance that fitted; `options` as in `measured`."""
    return measured("density", **options)["density"]


def disk(**options: Any) -> pd.DataFrame:
    """What lies on the disk; `options` as in `measured`."""
    return measured("disk", **options)["disk"]


def work(**options: Any) -> pd.DataFrame:
    """What a program gets done; `options` as in `measured`."""
    return measured("work", **options)["work"]


def neighbours(**options: Any) -> pd.DataFrame:
    """What a program gets done beside a bad neighbour; `options` as in `measured`."""
    return measured("neighbours", **options)["neighbours"]
