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

CSV, PARQUET = "csv", "parquet"


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


def write(
    folder: Path,
    name: str,
    rows: Sequence[Row],
    certificate: Mapping[str, Any],
    form: str = CSV,
) -> Path:
    """Write `name.csv` and `name.meta.json`; each is there whole or not at all.

    Raises BadTable, and writes nothing, if they break the contract; Missing if the other form,
    Parquet, cannot be had here.
    """
    born = {"table": name} | dict(certificate)
    rows = [row if row.session else replaced(row, session=born.get("session", "")) for row in rows]
    schema.check(name, rows, born)
    content = in_parquet().data(name, rows) if form == PARQUET else text(name, rows).encode()
    folder.mkdir(parents=True, exist_ok=True)
    replace(folder / f"{name}.meta.json", as_json(born).encode())
    return replace(folder / f"{name}.{form}", content)


def in_parquet() -> Any:
    """The other form; it takes pandas, which nobody else here has to wait for."""
    from realrun.measure import parquet

    return parquet


def replace(path: Path, content: bytes) -> Path:
    """Put a file in place with one rename."""
    half = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        half.write_bytes(content)
        half.replace(path)
    finally:
        half.unlink(missing_ok=True)
    return path


def read(folder: Path, name: str) -> list[Row]:
    """The rows of `name.csv`, or of `name.parquet` if there is only that.

    Raises BadTable with file, line, column and what was expected.
    """
    kind, path = schema.known(name), folder / f"{name}.csv"
    if not path.exists() and path.with_suffix(".parquet").exists():
        session = read_certificate(folder, name).get("session", "")
        return list(in_parquet().read(path.with_suffix(".parquet"), name, session))
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


def is_there(folder: Path, name: str) -> bool:
    """Is there such a table, in either form."""
    return any((folder / f"{name}.{form}").exists() for form in (CSV, PARQUET))


def told_apart(born: Sequence[dict[str, Any]]) -> list[Mapping[str, Any]]:
    """All certificates of tables that are to stand one below the other; no two may be the same."""
    found = [one for certificate in born for one in schema.certificates(certificate)]
    keys = [(one.get("machine"), one.get("session")) for one in found]
    if twice := [key for key in keys if keys.count(key) > 1]:
        raise BadTable(f"machine {twice[0][0]}, session {twice[0][1]}: the same recording twice")
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
