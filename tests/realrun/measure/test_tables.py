"""Tables keep the contract of data/README.md, are written whole, and say where they are from."""

from __future__ import annotations

import csv
import io
import json
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from realrun.measure import environment, rows, tables
from realrun.measure.rows import TABLES, MemoryRow
from tests.realrun.measure.contract import certificate_keys, columns

BORN = {"machine": "m", "session": "now", "recorded_utc": "", "command": "x", "seed": 3}


@pytest.mark.parametrize("name", TABLES)
def test_the_columns_are_those_of_the_contract(name):
    assert rows.columns(TABLES[name]) == columns(name)


def test_the_certificate_has_the_keys_of_the_contract():
    born = environment.certificate("realrun demo", 1, {}, [])
    assert ["table", *born] == certificate_keys()
    assert json.loads(json.dumps(born)) == born


def row(**changed: object) -> MemoryRow:
    given = {"machine": "m", "isolation": "uml", "accelerator": "uml", "n": 2}
    return MemoryRow(**given | {"account": "rss", "part": "total", "value_mib": 1.5} | changed)


def read(path: Path) -> list[list[str]]:
    with open(path, newline="", encoding="utf-8") as file:
        return list(csv.reader(file))


def test_a_table_and_its_certificate_lie_side_by_side(tmp_path):
    path = tables.write(tmp_path / "new/folder", "memory", [row()], BORN)
    assert read(path) == [
        columns("memory"),
        ["m", "uml", "uml", "", "now", "0", "0", "", "2", "rss", "total", "1.5"],
    ]
    meta = json.loads(path.with_name("memory.meta.json").read_text())
    assert meta == {"table": "memory"} | BORN
    assert sorted(os.listdir(path.parent)) == ["memory.csv", "memory.meta.json"]


def test_an_empty_table_still_has_its_header(tmp_path):
    assert read(tables.write(tmp_path, "storm", [], BORN)) == [columns("storm")]


def test_a_writing_that_fails_leaves_the_old_table(tmp_path, monkeypatch):
    """Half a table is never seen, and no half file stays behind."""
    path = tables.write(tmp_path, "memory", [row()], BORN)
    before = path.read_bytes()

    def full(self: Path, *args: object, **more: object) -> None:
        with open(self, "w") as file:
            file.write("half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(OSError, match="No space"):
        tables.write(tmp_path, "memory", [row(n=99)] * 1000, BORN)
    assert path.read_bytes() == before
    assert sorted(os.listdir(tmp_path)) == ["memory.csv", "memory.meta.json"]


@given(st.floats(-1e6, 1e6), st.text(st.characters(exclude_characters="\0\r", codec="utf-8")))
def test_what_is_written_is_what_is_read(value, text):
    """To the nanosecond; and any text in a cell, commas, quotes and new lines too."""
    content = tables.text("memory", [row(value_mib=value, part=text)])
    header, *body = list(csv.reader(io.StringIO(content, newline="")))
    assert header == columns("memory")
    assert body[0][header.index("part")] == text
    assert float(body[0][-1]) == pytest.approx(value, abs=1e-9)


@pytest.mark.parametrize(
    ("value", "expected"),
    [(None, ""), (0.0, "0"), (100.0, "100"), (1e-9, "0.000000001"), (0.25, "0.25"), (7, 7)],
)
def test_a_cell_has_no_more_digits_than_it_needs(value, expected):
    """Nothing for what was not measured, never an exponent."""
    assert tables.cell(value) == expected


def test_a_machine_is_named_by_a_short_id_that_stays():
    assert environment.machine_id() == environment.machine_id()
    assert len(environment.machine_id()) == 8
