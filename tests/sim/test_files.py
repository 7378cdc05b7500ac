"""Tables on disk: what is written is what is read; what breaks the contract gets one line."""

import math
import os

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sim.contract import StartupRow, StormRow
from sim.errors import BadTable, SimError
from sim.files import read_meta, read_table, write_table, write_text

HEADER = "machine,isolation,accelerator,n,repeat,instance,requested_s,ready_s"
GOOD = "m,process,none,1,0,0,0.0,0.5"
NAMES = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), min_size=1).filter(
    str.strip
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(NAMES, st.floats(0, 1e6), st.integers(0, 10**9))
def test_a_table_survives_the_disk(tmp_path, phase, duration_s, run):
    row = StartupRow(
        "m", "uml", "uml", run, 0, "start", 0, phase, 0.0, float(f"{duration_s:.9g}"), math.nan
    )
    write_table(tmp_path, "startup", [row], {})
    (back,) = read_table(tmp_path, "startup")
    assert back[:-1] == row[:-1]
    assert math.isnan(back[-1])


def test_columns_may_be_more_and_in_any_order(tmp_path):
    (tmp_path / "storm.csv").write_text(
        "ready_s,more,machine,isolation,accelerator,n,repeat,instance,requested_s\n"
        "0.5,x,m,qemu,tcg,1,0,0,0.25\n"
    )
    assert read_table(tmp_path, "storm") == [StormRow("m", "qemu", "tcg", 1, 0, 0, 0.25, 0.5)]


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", ": is empty; expected the columns machine, isolation"),
        (HEADER + "\n", ": has a header but no rows"),
        (
            HEADER.replace("ready_s", "redy_s") + "\n" + GOOD,
            ", line 1: column 'ready_s' is missing; found instead 'redy_s'",
        ),
        (
            f"{HEADER}\n{GOOD}\n{GOOD.replace('0.5', 'soon')}",
            ", line 3, column 'ready_s': expected a number or an empty cell, found 'soon'",
        ),
        (
            f"{HEADER}\n{GOOD.replace('0.5', 'nan')}",
            ", line 2, column 'ready_s': expected a number or an empty cell, found 'nan'",
        ),
        (
            f"{HEADER}\n{GOOD.replace('0.5', '-1')}",
            ", line 2, column 'ready_s': expected >= 0, found '-1'",
        ),
        (
            f"{HEADER}\n{GOOD.replace(',1,', ',0,')}",
            ", line 2, column 'n': expected >= 1, found '0'",
        ),
        (
            f"{HEADER}\n{GOOD.replace(',1,', ',1.5,')}",
            ", line 2, column 'n': expected a whole number, found '1.5'",
        ),
        (
            f"{HEADER}\n{GOOD.replace('process', 'proces')}",
            ", line 2, column 'isolation': unknown 'proces'; did you mean 'process'?",
        ),
        (f"{HEADER}\nm,process", ", line 2: expected 8 cells, found 2"),
        (
            f"{HEADER}\n{GOOD.replace('m,', ',', 1)}",
            ", line 2, column 'machine': expected a word, found ''",
        ),
    ],
)
def test_each_mistake_names_file_line_column_and_what_was_expected(tmp_path, text, complaint):
    path = tmp_path / "storm.csv"
    path.write_text(text)
    with pytest.raises(BadTable) as caught:
        read_table(tmp_path, "storm")
    assert str(caught.value).startswith(f"{path}{complaint}")


def test_a_missing_table_is_named(tmp_path):
    with pytest.raises(BadTable, match=r"storm.csv: no such file; expected a table storm.csv"):
        read_table(tmp_path, "storm")


def test_a_binary_file_is_no_table(tmp_path):
    (tmp_path / "storm.csv").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(BadTable, match="cannot be read as a CSV table"):
        read_table(tmp_path, "storm")


def test_a_birth_certificate_must_be_an_object(tmp_path):
    (tmp_path / "storm.meta.json").write_text("[]")
    with pytest.raises(BadTable, match="expected a JSON object, found list"):
        read_meta(tmp_path, "storm")
    (tmp_path / "storm.meta.json").write_text("{")
    with pytest.raises(BadTable, match="cannot be read as JSON"):
        read_meta(tmp_path, "storm")


def test_an_interrupted_write_leaves_the_old_file_and_nothing_else(tmp_path, monkeypatch):
    path = tmp_path / "table.csv"
    write_text(path, "old")

    def interrupt(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "replace", interrupt)
    with pytest.raises(KeyboardInterrupt):
        write_text(path, "new")
    assert path.read_text() == "old"
    assert [found.name for found in tmp_path.iterdir()] == ["table.csv"]


def test_a_place_that_cannot_be_written_is_the_users_to_mend(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(SimError, match="cannot be written"):
        write_text(tmp_path / "file" / "table.csv", "text")
