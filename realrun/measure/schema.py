"""The contract of `data/README.md` as a check: what breaks it is neither written nor read."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import MISSING, fields
from functools import cache
from typing import Any, get_args, get_type_hints

from realrun.errors import BadTable
from realrun.measure.rows import TABLES, Row
from realrun.runtime.spec import ISOLATIONS

EXPECTED = {int: "a whole number", float: "a number", str: "text"}
WORDS = {  # of a column in every table, or in one alone
    "isolation": ISOLATIONS,
    "accelerator": ("none", "uml", "tcg", "kvm"),
    "mark": ("", "stolen", "throttled", "stolen, throttled"),
    "startup.cache": ("hot", "cold", "once", "unknown"),
    "startup.ready_by": ("program", "engine"),
    "waits.kind": ("phase", "queue", "cpu", "pressure"),
    "work.isolation": (*ISOLATIONS, "native"),
    "trials.isolation": (*ISOLATIONS, "native"),
    "reconciliation.touched": ("others", "own", "unknown"),
    "reconciliation.kind": ("account", "line", "unexplained", "noise"),
    "density.stop": ("", "failed", "slow", "memory", "disk", "processes", "descriptors", "most",
                     "time"),
    "disk.state": ("started", "wrote 8 MiB", "changed 1 byte"),
    "neighbours.noise": ("", "cpu", "memory", "disk"),
}  # fmt: skip
LEAST = {"n": 1, "peers.n": 0}  # other whole numbers and times begin with 0
CERTIFICATE = ("table", "machine", "session", "recorded_utc", "command", "seed")
Types = dict[str, tuple[type, bool]]


@cache
def types(table: str) -> Types:
    """Of each column its type, and whether a cell may be empty: not measured here."""
    found = {}
    for name, hint in get_type_hints(TABLES[table]).items():
        kinds = [kind for kind in get_args(hint) or (hint,) if kind is not type(None)]
        found[name] = kinds[0], type(None) in get_args(hint)
    return found


def known(table: str) -> type[Row]:
    """The class of a table's rows."""
    if table not in TABLES:
        raise BadTable(f"no table {table!r} in the contract; expected one of {', '.join(TABLES)}")
    return TABLES[table]


def defaults(table: str) -> dict[str, Any]:
    """The columns that a table may lack, and what they are then."""
    return {one.name: one.default for one in fields(known(table)) if one.default is not MISSING}


def complaint(table: str, column: str, value: object) -> str:
    """What is wrong with a value; nothing if it keeps the contract."""
    kind, may_be_empty = types(table)[column]
    if value is None:
        return "" if may_be_empty else f"expected {EXPECTED[kind]}, found nothing"
    whole_as_float = kind is float and isinstance(value, int)
    if isinstance(value, bool) or not (isinstance(value, kind) or whole_as_float):
        return f"expected {EXPECTED[kind]}, found {value!r}"
    words = WORDS.get(f"{table}.{column}") or WORDS.get(column)
    if words and value not in words:
        return f"expected one of {', '.join(map(repr, words))}, found {value!r}"
    return out_of_range(kind, value, LEAST.get(f"{table}.{column}", LEAST.get(column, 0)), column)


def out_of_range(kind: type, value: Any, least: int, column: str) -> str:
    """Numbers are finite; counts and times do not go below zero."""
    if kind is str:
        return ""
    if not math.isfinite(value):
        return f"expected a finite number, found {value!r}"
    counts = kind is int or column.endswith("_s")
    return f"expected {least} or more, found {value!r}" if counts and value < least else ""


def complaints(table: str, rows: Sequence[Row]) -> Iterator[str]:
    """What is wrong with rows, with the number of each."""
    for number, row in enumerate(rows, 1):
        if type(row) is not known(table):
            yield f"row {number}: a {type(row).__name__} is no row of {table}"
            continue
        for column in types(table):
            if wrong := complaint(table, column, getattr(row, column)):
                yield f"row {number}, column {column!r}: {wrong}"


def check(table: str, rows: Sequence[Row], certificate: Mapping[str, Any]) -> None:
    """Raise BadTable with the first breach."""
    for wrong in complaints(table, rows):
        raise BadTable(f"{table}: {wrong}")
    if missing := [key for key in CERTIFICATE if key not in certificate]:
        raise BadTable(f"{table}: its certificate lacks {', '.join(missing)}")
    born = {(one["machine"], one["session"]) for one in certificates(certificate)}
    for number, row in enumerate(rows, 1):
        if (row.machine, row.session) not in born:
            raise BadTable(f"{table}: row {number}: no certificate of {row.machine} {row.session}")


def certificates(certificate: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """All certificates in one: those of a joined table stand among its `others`."""
    return [certificate, *certificate.get("others", ())]
