"""Tables as Parquet files, for what is large: smaller than CSV, and with types of its own.

pandas writes them through pyarrow, which is not among what the project installs: few need it.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from realrun.errors import BadTable, Missing
from realrun.measure import schema
from realrun.measure.rows import TABLES, Row, columns

KINDS = {int: "Int64", float: "float64", str: "string"}
ADVICE = "Parquet takes pyarrow, which is not here: `.venv/bin/pip install pyarrow`"


def data(name: str, rows: Sequence[Row]) -> bytes:
    """The rows of table `name` as the content of a file. Raises Missing without pyarrow."""
    frame = pd.DataFrame(rows, columns=columns(TABLES[name]))
    kinds = {column: KINDS[kind] for column, (kind, _) in schema.types(name).items()}
    out = io.BytesIO()
    try:
        frame.astype(kinds).to_parquet(out, index=False)
    except ImportError:
        raise Missing(ADVICE) from None
    return out.getvalue()


def read(path: Path, name: str, session: str) -> list[Row]:
    """The rows in a file; columns that it may lack are filled in. Raises BadTable."""
    try:
        frame = pd.read_parquet(path)
    except ImportError:
        raise Missing(ADVICE) from None
    except (OSError, ValueError) as error:
        raise BadTable(f"{path}: cannot be read as Parquet: {error}") from None
    given = schema.defaults(name) | {"session": session}
    if missing := [one for one in schema.types(name) if one not in (*frame.columns, *given)]:
        raise BadTable(f"{path}: expected the column {missing[0]!r}, it is missing")
    known = [column for column in frame.columns if column in schema.types(name)]
    lines = frame[known].astype(object).itertuples(index=False, name=None)
    rows = [
        TABLES[name](**given | dict(zip(known, map(plain, line), strict=True))) for line in lines
    ]
    for wrong in schema.complaints(name, rows):
        raise BadTable(f"{path}: {wrong}")
    return rows


def plain(value: Any) -> Any:
    """As Python has it; nothing for what is empty."""
    if pd.isna(value):
        return None
    return value.item() if hasattr(value, "item") else value
