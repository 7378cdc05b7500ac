"""Tables on disk: read with every cell checked, written whole or not at all."""

import csv
import io
import json
import math
import os
import tempfile
import tomllib
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, TypeVar, get_type_hints

from sim.contract import ISOLATIONS, LEAST, MAY_BE_EMPTY, NATIVE, TABLES, USUAL, Row, WorkRow
from sim.errors import BadTable, SimError, nearest

R = TypeVar("R", bound=tuple[Any, ...])
EXPECTED = {int: "a whole number", float: "a number or an empty cell", str: "a word"}


def write_text(path: Path, text: str) -> None:
    """Write `path` as UTF-8, whole or not at all."""
    write_bytes(path, text.encode())


def write_bytes(path: Path, content: bytes) -> None:
    """Write `path` whole or not at all: no reader sees half a file, no Ctrl-C leaves one."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    except OSError as why:
        raise SimError(f"{path}: cannot be written: {why.strerror}") from why
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        os.chmod(temporary, 0o644)
        os.replace(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def read_toml(path: Path, error: type[SimError], expected: str) -> dict[str, Any]:
    """The tables in a TOML file; raises `error`, of a missing file with what was `expected`."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as why:
        raise error(f"{path}: no such file; {expected}") from why
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as why:
        raise error(f"{path}: cannot be read as TOML: {why}") from why


def write_table(folder: Path, name: str, rows: Iterable[Row], meta: dict[str, Any]) -> Path:
    """Write `rows` as NAME.csv with its birth certificate NAME.meta.json; returns CSV's path."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(TABLES[name]._fields)
    writer.writerows([_cell(value) for value in row] for row in rows)
    path = folder / f"{name}.csv"
    write_text(path, text.getvalue())
    certificate = json.dumps({"table": name, **meta}, indent=2, ensure_ascii=False)
    write_text(folder / f"{name}.meta.json", certificate + "\n")
    return path


def _cell(value: str | int | float) -> str | int:
    """Nine significant digits; a number that was not measured is an empty cell."""
    if not isinstance(value, float):
        return value
    return "" if math.isnan(value) else f"{value:.9g}"


def read_meta(folder: Path, name: str) -> dict[str, Any]:
    """The birth certificate of a table; empty if there is none."""
    path = folder / f"{name}.meta.json"
    if not path.exists():
        return {}
    try:
        meta = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as why:
        raise BadTable(f"{path}: cannot be read as JSON: {why}") from why
    if not isinstance(meta, dict):
        raise BadTable(f"{path}: expected a JSON object, found {type(meta).__name__}")
    return meta


def read_table(folder: Path, name: str, *, needed: bool = True) -> list[Row]:
    """The rows of NAME.csv in `folder`; see `read_rows`.

    Raises BadTable also if it has no rows and is `needed`: a machine that could measure nothing
    writes a header alone.
    """
    path = folder / f"{name}.csv"
    rows = read_rows(path, TABLES[name])
    if needed and not rows:
        raise BadTable(f"{path}: has a header but no rows")
    return rows


def read_rows(path: Path, kind: type[R]) -> list[R]:
    """The rows of a table, as `kind`.

    Columns may come in any order and there may be more of them; rows that are not `USUAL`, such as
    starts with a cold page cache, are left out. Raises BadTable with file, line, column and what
    was expected if the file is missing or has a wrong column or cell.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            return list(_rows(path, kind, csv.reader(file)))
    except FileNotFoundError as why:
        raise BadTable(f"{path}: no such file; expected a table {path.name}") from why
    except (OSError, UnicodeDecodeError, csv.Error) as why:
        raise BadTable(f"{path}: cannot be read as a CSV table: {why}") from why


def _rows(path: Path, kind: type[R], lines: Any) -> Iterator[R]:
    hints = get_type_hints(kind)
    names = tuple(hints)
    header = next(lines, None)
    if header is None:
        raise BadTable(f"{path}: is empty; expected the columns {', '.join(names)}")
    places = _places(path, header, names)
    known = (*ISOLATIONS, *([NATIVE] if kind is WorkRow else ()))
    usual = [(header.index(name), kept) for name, kept in USUAL.items() if name in header]
    for cells in lines:
        if not cells:
            continue
        where = f"{path}, line {lines.line_num}"
        if len(cells) != len(header):
            raise BadTable(f"{where}: expected {len(header)} cells, found {len(cells)}")
        if any(cells[at] not in kept for at, kept in usual):
            continue
        yield kind(
            *(
                _value(where, f, hints[f], cells[at], known)
                for f, at in zip(names, places, strict=True)
            )
        )


def _places(path: Path, header: Sequence[str], fields: Sequence[str]) -> list[int]:
    """Where each column of the contract stands in this file."""
    for field in fields:
        if field not in header:
            hint = nearest(field, set(header) - set(fields))
            found = f"; found instead {hint[13:-1]}" if hint.startswith("did") else ""
            raise BadTable(f"{path}, line 1: column {field!r} is missing{found}")
    return [header.index(field) for field in fields]


def _value(where: str, field: str, kind: type, cell: str, known: Sequence[str]) -> Any:
    """One cell, as the type of its column and within the column's range."""
    if not cell.strip() and (kind is float or field in MAY_BE_EMPTY):
        return math.nan if kind is float else ""
    try:
        value = kind(cell) if cell.strip() else None
    except ValueError:
        value = None
    if value is None or (kind is float and not math.isfinite(value)):
        raise BadTable(f"{where}, column {field!r}: expected {EXPECTED[kind]}, found {cell!r}")
    least = LEAST.get(field, 0 if kind is float and field != "value_mib" else None)
    if least is not None and value < least:
        raise BadTable(f"{where}, column {field!r}: expected >= {least}, found {cell!r}")
    if field == "isolation" and value not in known:
        raise BadTable(f"{where}, column {field!r}: unknown {cell!r}; {nearest(value, known)}")
    return value
