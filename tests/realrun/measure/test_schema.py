"""The contract is kept by what is written and asked of what is read."""

from __future__ import annotations

from dataclasses import replace
from importlib.util import find_spec

import pytest

from realrun.errors import BadTable, Missing
from realrun.measure import frames, parquet, rows, schema, tables
from realrun.measure.comparison import CompareRow
from realrun.measure.rows import TABLES, InstrumentRow, MemoryRow, StormRow
from tests.realrun.measure.contract import column_types, columns_of, first_column, section
from tests.realrun.measure.made_up import BORN, WHERE

STORM = StormRow(*WHERE, 2, 0, 0, 0.0, 0.5)


@pytest.mark.parametrize("name", TABLES)
def test_the_types_are_those_of_the_contract(name):
    own = {
        column: kind.__name__.replace("str", "text")
        for column, (kind, _) in schema.types(name).items()
    }
    assert own == column_types(name)


def test_the_words_are_those_of_the_contract():
    assert set(first_column(section("`startup.csv`"), "cache |")) == set(
        schema.WORDS["startup.cache"]
    )
    assert set(first_column(section("`waits.csv`"), "kind | where")) == set(
        schema.WORDS["waits.kind"]
    )


def test_the_columns_of_a_comparison_are_those_of_the_contract():
    names = [name for cell in columns_of("compare") for name in cell.split("`, `")]
    assert sorted(rows.columns(CompareRow)) == sorted(names)


@pytest.mark.parametrize(
    ("changed", "complaint"),
    [
        ({"isolation": "vm"}, "column 'isolation': expected one of 'process', 'container', "),
        ({"accelerator": "hvf"}, "column 'accelerator': expected one of 'none', "),
        ({"mark": "odd"}, "column 'mark': expected one of '', 'stolen', "),
        ({"n": 0}, "column 'n': expected 1 or more, found 0"),
        ({"n": 1.5}, "column 'n': expected a whole number, found 1.5"),
        ({"n": True}, "column 'n': expected a whole number, found True"),
        ({"ready_s": -0.1}, "column 'ready_s': expected 0 or more, found -0.1"),
        ({"ready_s": float("nan")}, "column 'ready_s': expected a finite number, found nan"),
        ({"ready_s": None}, "column 'ready_s': expected a number, found nothing"),
        ({"machine": 7}, "column 'machine': expected text, found 7"),
        ({"session": "other"}, "no certificate of m other"),
    ],
)
def test_a_row_that_breaks_the_contract_is_not_written(tmp_path, changed, complaint):
    with pytest.raises(BadTable, match=f"storm: row 2.*{complaint}"):
        tables.write(tmp_path / "new", "storm", [STORM, replace(STORM, **changed)], BORN)
    assert not (tmp_path / "new").exists()


def test_memory_may_have_shrunk_and_processor_time_may_be_unknown(tmp_path):
    tables.write(tmp_path, "memory", [MemoryRow(*WHERE, 1, "available", "total", -3.5)], BORN)
    tables.write(tmp_path, "storm", [replace(STORM, cpu_s=None)], BORN)


def test_a_row_of_another_table_and_a_certificate_without_a_seed_are_refused(tmp_path):
    with pytest.raises(BadTable, match="a StormRow is no row of memory"):
        tables.write(tmp_path, "memory", [STORM], BORN)
    with pytest.raises(BadTable, match="storm: its certificate lacks seed"):
        tables.write(tmp_path, "storm", [STORM], {k: v for k, v in BORN.items() if k != "seed"})
    with pytest.raises(BadTable, match="no table 'x' in the contract"):
        tables.write(tmp_path, "x", [STORM], BORN)


def test_what_is_written_is_what_is_read(tmp_path):
    given = [
        replace(STORM, session="now", cpu_s=0.25, mark="stolen"),
        replace(STORM, session="now"),
    ]
    tables.write(tmp_path, "storm", given, BORN)
    assert tables.read(tmp_path, "storm") == given


HEAD = "machine,isolation,accelerator,what,run,value_s"


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", r", line 1: expected the column 'machine', it is missing"),
        (HEAD.replace("what", "wath"), r", line 1: expected the column 'what', it is missing"),
        (f"{HEAD}\nm,process,none,clock,0", r", line 2: expected 6 cells, found 5"),
        (f"{HEAD}\nm,vm,none,clock,0,1", r", line 2, column 'isolation': expected one of "),
        (f"{HEAD}\nm,process,none,clock,0,1\nm,process,none,clock,x,1",
         r", line 3, column 'run': expected a whole number, found 'x'"),
        (f"{HEAD}\nm,process,none,clock,0,", r", line 2, column 'value_s': expected a number"),
        (f"{HEAD}\nm,process,none,clock,0,inf", r", line 2, column 'value_s': expected a finite"),
        (f'{HEAD}\n"m', r": cannot be read as CSV"),
    ],
)  # fmt: skip
def test_a_table_that_breaks_the_contract_is_not_read(tmp_path, text, complaint):
    (tmp_path / "instrument.csv").write_text(text)
    with pytest.raises(BadTable, match=rf"instrument\.csv{complaint}"):
        tables.read(tmp_path, "instrument")


def test_an_older_table_has_the_values_that_columns_begin_with(tmp_path):
    """And columns that nobody knows are left aside."""
    (tmp_path / "instrument.csv").write_text(f"{HEAD},more\nm,process,none,clock,0,1,x\n")
    (tmp_path / "instrument.meta.json").write_text('{"session": "then"}')
    expected = InstrumentRow(*WHERE, "clock", 0, 1.0, session="then")
    assert tables.read(tmp_path, "instrument") == [expected]


def test_no_table_no_certificate(tmp_path):
    with pytest.raises(BadTable, match=r"storm\.csv: no such file"):
        tables.read(tmp_path, "storm")
    assert tables.read_certificate(tmp_path, "storm") == {}
    (tmp_path / "storm.meta.json").write_text("{")
    with pytest.raises(BadTable, match="cannot be read as JSON"):
        tables.read_certificate(tmp_path, "storm")


def test_parquet_holds_the_same(tmp_path):
    """Empty cells and whole numbers too. Without pyarrow there is one line that says so."""
    rows = [replace(STORM, session="now", voluntary=3), replace(STORM, session="now", cpu_s=0.5)]
    if not find_spec("pyarrow"):
        with pytest.raises(Missing, match="Parquet takes pyarrow, which is not here: "):
            tables.write(tmp_path, "storm", rows, BORN, tables.PARQUET)
        assert not list(tmp_path.iterdir())
        pytest.skip("no pyarrow here, so nothing can be written in Parquet")
    path = tables.write(tmp_path, "storm", rows, BORN, tables.PARQUET)
    assert path.name == "storm.parquet"
    assert tables.read(tmp_path, "storm") == rows

    path.write_bytes(parquet.data("storm", [replace(rows[0], isolation="vm")]))
    with pytest.raises(BadTable, match=r"storm\.parquet: row 1, column 'isolation'"):
        tables.read(tmp_path, "storm")
    path.write_bytes(b"x")
    with pytest.raises(BadTable, match="cannot be read as Parquet"):
        tables.read(tmp_path, "storm")


def test_tables_of_several_machines_stand_one_below_the_other(tmp_path):
    """And nobody is lost: machine and session lead to the certificate."""
    for machine in "ab":
        born = BORN | {"machine": machine, "kernel": f"Linux {machine}"}
        tables.write(tmp_path / machine, "storm", [replace(STORM, machine=machine)], born)
    found = frames.recorded(tmp_path / "a", tmp_path / "b")["storm"]
    kernels = {one["machine"]: one["kernel"] for one in schema.certificates(found.attrs)}
    assert [kernels[machine] for machine in found["machine"]] == ["Linux a", "Linux b"]
    with pytest.raises(BadTable, match="machine a, session now: the same recording twice"):
        frames.recorded(tmp_path / "a", tmp_path / "a")
