"""Tables as files: CSV with a birth certificate beside it, each there whole or not at all."""

from __future__ import annotations

import csv
import io
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import replace as replaced
from pathlib import Path
from typing import Any

from realrun.measure.rows import TABLES, Row, columns


def cell(value: object) -> object:
    """Seconds to the nanosecond, memory to the byte's neighbourhood, nothing for None."""
    if isinstance(value, float):
        return f"{value:.9f}".rstrip("0").rstrip(".")
    return "" if value is None else value


def text(name: str, rows: Sequence[Row]) -> str:
    """The rows of table `name` as CSV, with a header."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    names = columns(TABLES[name])
    writer.writerow(names)
    writer.writerows([cell(getattr(row, one)) for one in names] for row in rows)
    return out.getvalue()


def write(folder: Path, name: str, rows: Sequence[Row], certificate: Mapping[str, Any]) -> Path:
    """Write `name.csv` and `name.meta.json`; each is there whole or not at all."""
    folder.mkdir(parents=True, exist_ok=True)
    rows = [row if row.session else replaced(row, session=certificate["session"]) for row in rows]
    meta = json.dumps({"table": name} | dict(certificate), indent=1) + "\n"
    replace(folder / f"{name}.meta.json", meta)
    return replace(folder / f"{name}.csv", text(name, rows))


def replace(path: Path, content: str) -> Path:
    """Put a file in place with one rename."""
    half = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        half.write_text(content, encoding="utf-8")
        half.replace(path)
    finally:
        half.unlink(missing_ok=True)
    return path
