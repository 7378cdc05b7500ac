"""The comparisons as pandas frames, one tidy row a turn: see `data/README.md`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

from realrun.measure import contest
from realrun.measure.rows import TABLES, Row, columns


def frame(name: str, rows: Sequence[Row]) -> pd.DataFrame:
    """Rows of table `name`."""
    return pd.DataFrame(rows, columns=columns(TABLES[name]))


def peers(**options: Any) -> pd.DataFrame:
    """`realrun bench peers`; `options` are those of `contest.peer_contest`."""
    return frame("peers", contest.peer_contest(**options).rows)


def start(**options: Any) -> pd.DataFrame:
    """`realrun bench start`: the steps of each start, of ours and of the floor's."""
    return frame("start", contest.start_contest(**options).steps)
