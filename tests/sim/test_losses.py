"""Work, density, disk and accounts: summaries of made-up tables, and their charts."""

import re
import xml.etree.ElementTree as ET
from pathlib import Path

import pandas as pd
import pytest
from matplotlib.figure import Figure
from matplotlib.text import Text

from sim.charts import alt, figures, style
from sim.charts.html import as_svg
from sim.contract import LOSSES
from sim.errors import BadTable
from sim.report.evidence import gather
from sim.report.losses import losses
from sim.tables import load
from sim.tables.losses import disk_use, read, way_between, work_ratios
from sim.tables.summary import memory_points
from tests.sim import made_up

WHERE = {"process": "none", "container": "none", "qemu": "tcg"}
NAMES = ("work", "density", "disk", "between", "parts")


def frame(rows: list[dict[str, object]]) -> pd.DataFrame:
    return pd.DataFrame(rows).assign(source="measured", machine="made-up")


def work() -> pd.DataFrame:
    """Native does 100 a second of everything, a container 90, an emulated guest 10."""
    speeds = {"native": 100.0, "container": 90.0, "qemu": 10.0}
    rows = [
        {"isolation": name, "accelerator": WHERE.get(name, "none"), "kind": kind, "run": run,
         "amount": speed * 2, "inside_s": 2.0}
        for name, speed in speeds.items() for kind in ("reads", "faults", "nothing")
        for run in (1, 2)
    ]  # fmt: skip
    failed = {**rows[-1], "kind": "redis", "amount": float("nan")}
    return frame([*rows, failed])


def density() -> pd.DataFrame:
    rows = [
        {"isolation": name, "accelerator": WHERE[name], "n": n, "start_s": 0.01 * n,
         "stop": stop * (n == most)}
        for name, most, stop in (("container", 9, "most"), ("qemu", 3, "memory"))
        for n in range(1, most + 1)
    ]  # fmt: skip
    return frame(rows)


def disk() -> pd.DataFrame:
    """Two containers and two guests of an image: shared parts, and 1, 8, 16 MiB each."""
    layers = {"layers of both images": 2.0}
    shared = {"container": layers, "qemu": layers | {"disk image": 9.0}}
    each = {"changed 1 byte": 16.0, "started": 1.0, "wrote 8 MiB": 8.0}
    rows = [
        {"isolation": name, "accelerator": WHERE[name], "n": 2, "state": state, "part": part,
         "apparent_mib": 2 * value, "allocated_mib": value}
        for name in shared for state in each
        for part, value in {**shared[name], "instances": 2 * each[state]}.items()
    ]  # fmt: skip
    return frame(rows)


def accounts() -> pd.DataFrame:
    """From 10 by a step of -4 to 6, and unexplained to 5; read twice, in both orders."""
    lines = [("account", "rss", 10.0), ("line", "shared", -4.0), ("account", "pss", 6.0),
             ("unexplained", "unexplained, up to cgroup", -1.0), ("account", "cgroup", 5.0),
             ("noise", "available, without any start", 3.0)]  # fmt: skip
    return frame([
        {"isolation": "qemu", "accelerator": "tcg", "n": 1, "touched": touched, "line": number,
         "kind": kind, "text": text, "value_mib": value}
        for _ in range(2) for touched in ("others", "own")
        for number, (kind, text, value) in enumerate(lines)
    ])  # fmt: skip


@pytest.fixture(scope="module")
def drawn(tmp_path_factory) -> dict[str, tuple[Figure, str]]:
    """Every figure, with its alternative text."""
    tables = load(made_up.tables(tmp_path_factory.mktemp("measured")))
    points = memory_points(tables.memory, "pss")
    ratios, use, way = work_ratios(work()), disk_use(disk()), way_between(accounts(), "qemu", 1)
    with style.styled():
        return {
            "work": (figures.work_figure(ratios), alt.work_alt(ratios)),
            "density": (figures.density_figure(density()), alt.density_alt(density())),
            "disk": (figures.disk_figure(use), alt.disk_alt(use)),
            "between": (figures.between_figure(way), alt.between_alt(way)),
            "parts": (figures.parts_figure(points), alt.parts_alt(points)),
        }


def words(figure: Figure) -> str:
    return " ".join(text.get_text().replace("\n", " ") for text in figure.findobj(Text))


@pytest.mark.parametrize("name", NAMES)
def test_a_chart_says_units_source_machine_and_n(drawn, name):
    figure, text = drawn[name]
    axes = [ax for ax in figure.axes if ax.get_visible()]
    labels = [one for ax in axes for one in (ax.get_xlabel(), ax.get_ylabel()) if one]
    assert labels
    assert [one for one in labels if not re.search(r"\[\w+\]", one)] == []
    for ax in axes:
        for scale, said in ((ax.get_xscale(), ax.get_xlabel()), (ax.get_yscale(), ax.get_ylabel())):
            assert (scale == "log") == ("log scale" in said)
    face = words(figure)
    assert "measured on made-up" in face
    assert re.search(r"\bn\b", face)
    assert "interval" in face
    assert "tcg, software emulation" in face
    assert "tcg, software emulation" in text


@pytest.mark.parametrize("name", NAMES)
def test_a_chart_is_one_picture_with_words(drawn, name):
    figure, text = drawn[name]
    root = ET.fromstring(as_svg(figure, text))
    assert root.get("role") == "img"
    assert root.get("aria-label") == text


def test_rates_are_compared_kind_by_kind_without_what_failed():
    ratios = work_ratios(work())
    told = {(row.isolation, row.kind): (row.trials, row.ratio, row.low, row.high)
            for row in ratios.itertuples()}  # fmt: skip
    assert told == {
        (name, kind): (2, ratio, ratio, ratio)
        for name, ratio in (("container", 0.9), ("qemu", 0.1))
        for kind in ("reads", "faults")
    }


def test_the_words_hold_the_numbers(drawn):
    assert "container from reads 0.900 to faults 0.900" in drawn["work"][1]
    assert "container 9, stopped by most, starts from 10.0 ms to 90.0 ms" in drawn["density"][1]
    assert "layers, for all 2.00 MiB, started 1.00 MiB, wrote 8 MiB 8.00 MiB" in drawn["disk"][1]
    assert "rss 10.0 MiB, pss 6.00 MiB, cgroup 5.00 MiB" in drawn["between"][1]


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


def test_the_reason_why_it_stopped_stands_at_the_end(drawn):
    face = words(drawn["density"][0])
    assert "container 9 fitted: as many as asked for" in face
    assert "3 fitted: no more memory to spare" in face


def written(folder: Path) -> Path:
    """All four tables, as files beside those of a start."""
    made_up.tables(folder)
    frames = {"work": work(), "density": density(), "disk": disk(), "reconciliation": accounts()}
    for name, rows in frames.items():
        rows.drop(columns="source").to_csv(folder / f"{name}.csv", index=False)
    return folder


def test_the_tables_are_read_with_every_cell_checked(tmp_path):
    """What is not there is a frame without rows; natively works only the work."""
    folder = written(tmp_path)
    for name, made in (("work", work()), ("density", density()), ("disk", disk())):
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
