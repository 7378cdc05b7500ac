"""Tables as files, with their birth certificates: written whole or not at all, read with every cell
checked. CSV for what people look at and what is committed; Parquet for what is large.
"""

from __future__ import annotations

import csv
import io
import json
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace as replaced
from pathlib import Path
from typing import Any

from realrun.errors import BadTable
from realrun.measure import schema
from realrun.measure.rows import TABLES, Row, columns


def cell(value: object) -> object:
    """Seconds to the nanosecond, memory to the byte's neighbourhood, nothing for None."""
    if isinstance(value, float):
        return f"{value:.9f}".rstrip("0").rstrip(".")
    return "" if value is None else value


def text(name: str, rows: Sequence[Row]) -> str:
    """The rows of table `name` as CSV, with a header."""
    names = columns(TABLES[name])
    return as_csv(names, ([getattr(row, one) for one in names] for row in rows))


def as_csv(header: Sequence[str], lines: Iterable[Iterable[object]]) -> str:
    """Values as CSV."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(map(cell, line) for line in lines)
    return out.getvalue()


def as_json(born: Mapping[str, Any]) -> str:
    """A certificate as its file holds it."""
    return json.dumps(born, indent=1) + "\n"


def write(folder: Path, name: str, rows: Sequence[Row], certificate: Mapping[str, Any]) -> Path:
    """Write `name.csv` and `name.meta.json`; each is there whole or not at all.

    Raises BadTable, and writes nothing, if they break the contract.
    """
    born = {"table": name} | dict(certificate)
    rows = [row if row.session else replaced(row, session=born.get("session", "")) for row in rows]
    schema.check(name, rows, born)
    folder.mkdir(parents=True, exist_ok=True)
    replace(folder / f"{name}.meta.json", as_json(born))
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


def read(folder: Path, name: str) -> list[Row]:
    """The rows of `name.csv`. Raises BadTable with file, line, column and what was expected."""
    kind, path = schema.known(name), folder / f"{name}.csv"
    try:
        with open(path, newline="", encoding="utf-8-sig") as file:
            lines = csv.reader(file, strict=True)
            return [kind(**values) for values in values_of(path, name, lines)]
    except FileNotFoundError:
        raise BadTable(f"{path}: no such file") from None
    except (UnicodeDecodeError, csv.Error) as error:
        raise BadTable(f"{path}: cannot be read as CSV: {error}") from None


def values_of(path: Path, name: str, lines: Any) -> Iterator[dict[str, Any]]:
    """Each line as the values of a row, the columns that it may lack filled in."""
    header: list[str] = next(lines, [])
    given = schema.defaults(name)
    if missing := [one for one in schema.types(name) if one not in (*header, *given)]:
        raise BadTable(f"{path}, line 1: expected the column {missing[0]!r}, it is missing")
    session = read_certificate(path.parent, name).get("session", "")
    for cells in lines:
        where = f"{path}, line {lines.line_num}"
        if len(cells) != len(header):
            raise BadTable(f"{where}: expected {len(header)} cells, found {len(cells)}")
        told = {
            column: value(name, column, cell, where)
            for column, cell in zip(header, cells, strict=True)
            if column in schema.types(name)
        }
        yield given | {"session": session} | told


def value(table: str, column: str, cell: str, where: str) -> Any:
    """One cell as what its column holds."""
    kind, _ = schema.types(table)[column]
    try:
        found = None if not cell and kind is not str else kind(cell)
    except ValueError:
        found = cell
    if wrong := schema.complaint(table, column, found):
        raise BadTable(f"{where}, column {column!r}: {wrong}")
    return found


def read_certificate(folder: Path, name: str) -> dict[str, Any]:
    """The birth certificate of a table; empty if there is none."""
    path = folder / f"{name}.meta.json"
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except ValueError as error:
        raise BadTable(f"{path}: cannot be read as JSON: {error}") from None
    if not isinstance(told, dict):
        raise BadTable(f"{path}: expected an object, found {type(told).__name__}")
    return told
