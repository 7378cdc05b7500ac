"""Work, density, disk and accounts: summaries of made-up tables, and their charts."""

from pathlib import Path

import pandas as pd
import pytest

from sim.contract import LOSSES
from sim.errors import BadTable
from sim.report.evidence import gather
from sim.report.losses import losses
from sim.tables.losses import beside_neighbours, disk_use, read, way_between, work_ratios
from tests.sim import made_up
from tests.sim.charts.gallery import accounts, density, disk, drawn, neighbours, tables, work
from tests.sim.charts.test_every_chart import words


def test_rates_are_compared_kind_by_kind_without_what_failed():
    ratios = work_ratios(work())
    told = {(row.isolation, row.kind): (row.trials, row.ratio, row.low, row.high)
            for row in ratios.itertuples()}  # fmt: skip
    assert told == {
        (name, kind): (2, ratio, ratio, ratio)
        for name, ratio in (("container", 0.9), ("qemu", 0.1))
        for kind in ("random read", "page faults")
    }


def test_the_words_hold_the_numbers():
    assert "container from random read 0.900 to page faults 0.900" in drawn("work", "en").alt
    told = "container 9, as many as asked for, starts from 10.0 ms to 90.0 ms"
    assert told in drawn("density", "en").alt
    told = "layers, for all 2.00 MiB, started 1.00 MiB, wrote 8 MiB 8.00 MiB"
    assert told in drawn("disk", "en").alt
    assert "rss 10.0 MiB, pss 6.00 MiB, cgroup 5.00 MiB" in drawn("accounts", "en").alt
    assert (
        "RUN rm -rf /tmp/made: 0.000 MiB, adds 0, changes 0, hides 9" in drawn("layers", "en").alt
    )


def test_a_neighbour_is_compared_within_a_trial():
    """Made up: half of each trial's rate, nine tenths of it where the neighbour is held back."""
    found = beside_neighbours(neighbours())
    told = {(row.isolation, row.limit): (row.trials, row.ratio) for row in found.itertuples()}
    assert told == {
        ("container", ""): (6, 0.5),
        ("container", "--cpus 0.25"): (6, 0.9),
        ("qemu", ""): (6, 0.5),
    }


def test_an_instruction_without_a_layer_has_no_size():
    rows = tables()["layers"][0]
    assert list(rows["size_mib"].notna()) == [True, True, False, True]
    assert list(rows["shared_with"]) == ["other:latest", "", "", ""]


def test_a_guest_needs_no_layers_beside_its_disk():
    use = disk_use(disk())
    told = {name: list(rows["what"]) for name, rows in use.groupby("isolation")}
    states = ["started", "wrote 8 MiB", "changed 1 byte"]
    assert told == {
        "container": ["layers, for all", *states],
        "qemu": ["disk image, for all", *states],
    }
    own = use[~use["shared"]]
    assert sorted(set(own["allocated_mib"])) == [1.0, 8.0, 16.0]


def test_each_step_begins_where_the_last_one_ended():
    way = way_between(accounts(), "qemu", 1)
    assert list(way["begin_mib"]) == [0, 10, 0, 6, 0, 0] * 2
    assert list(way["touched"]) == ["others"] * 6 + ["own"] * 6


def test_the_reason_why_it_stopped_stands_at_the_end():
    face = words(drawn("density", "en"))
    assert "container 9 fitted: as many as asked for" in face
    assert "3 fitted: no more memory to spare" in face


def written(folder: Path) -> Path:
    """All these tables, as files beside those of a start."""
    made_up.tables(folder)
    frames = {"work": work(), "density": density(), "disk": disk(), "reconciliation": accounts(),
              "neighbours": neighbours()}  # fmt: skip
    for name, rows in frames.items():
        rows.drop(columns="source").to_csv(folder / f"{name}.csv", index=False)
    return folder


def test_the_tables_are_read_with_every_cell_checked(tmp_path):
    """What is not there is a frame without rows; natively works only the work."""
    folder = written(tmp_path)
    for name, made in (
        ("work", work()),
        ("density", density()),
        ("disk", disk()),
        ("neighbours", neighbours()),
    ):
        found = read(folder, name)
        pd.testing.assert_frame_equal(found, made[found.columns], check_dtype=False)
    for name, kind in LOSSES.items():
        assert list(read(tmp_path / "nowhere", name).columns) == [*kind._fields, "source"]
    text = (folder / "density.csv").read_text().replace("container", "native")
    (folder / "density.csv").write_text(text)
    with pytest.raises(BadTable, match="column 'isolation': unknown 'native'"):
        read(folder, "density")


def test_the_report_shows_them_where_they_are(tmp_path):
    """Measured here or recorded; not where there is neither."""
    nothing = tmp_path / "nothing"
    nothing.mkdir()
    whole = written(tmp_path / "whole")
    for evidence in (gather(whole, None, None, None), gather(nothing, whole, None, None)):
        shown = [one.name for one in losses(evidence)]
        assert shown == ["accounts-qemu", "work", "density", "disk"]
    assert losses(gather(nothing, None, None, None)) == []
