"""Charts in detail: heights to scale, bars without gaps, labels apart, words with the numbers."""

from itertools import pairwise

import pandas as pd
import pytest
from matplotlib.axes import Axes

from sim.charts import disk, stacks, storm, style, validation, waterfall, work
from sim.charts.figures.waterfall import bars
from sim.charts.html import as_svg
from sim.tables import load
from sim.tables.summary import storm_points
from tests.sim import made_up
from tests.sim.charts.gallery import AIMS, drawn, tables
from tests.sim.charts.test_every_chart import words


def test_the_words_hold_the_numbers():
    """Made up: 0.8 + 0.6 MiB for one container, 12 + 21 MiB of monitor for qemu."""
    text = drawn("stacks", "en").alt
    assert "container 1.40 MiB (program 1.40 MiB)" in text
    assert "vmm 33.0 MiB" in text


def test_the_engine_is_under_all_stacks_and_in_none():
    figure = drawn("stacks", "en")
    text = figure.alt
    assert "helper" not in words(figure) + text
    assert "host kernel + engine (1.50 MiB) there once, shared by all; not to scale" in words(
        figure
    )
    assert "All stand on the host's kernel and the engine, 1.50 MiB, which are there once." in text


def heights(ax: Axes) -> list[float]:
    """Summed heights of the boxes of each column, in units of the axis."""
    boxes = [box for box in ax.patches if box.get_y() >= 0 and box.get_width() < 0.5]
    found: dict[float, float] = {}
    for box in boxes:
        found[box.get_x()] = found.get(box.get_x(), 0) + box.get_height()
    return sorted(found.values())


def test_stacks_are_to_scale():
    ax = drawn("stacks", "en").axes[0]
    assert heights(ax) == pytest.approx([1.3, 1.4, 32.0, 109.0])


def test_what_is_too_low_to_see_is_enlarged_as_often_as_is_said():
    """In the inset a MiB is as many times higher as its title says."""
    figure = drawn("stacks", "en")
    as_svg(figure, "x")
    ax = figure.axes[0]
    (inset,) = ax.child_axes
    assert heights(inset) == pytest.approx([1.3, 1.4])
    one_mib = [place.transData.transform([(0, 0), (0, 1)])[:, 1] for place in (ax, inset)]
    factor = (one_mib[1][1] - one_mib[1][0]) / (one_mib[0][1] - one_mib[0][0])
    assert inset.get_title(loc="left") == f"the same, enlarged {factor:.0f} times"


def phases(*durations: float) -> pd.DataFrame:
    begins = [sum(durations[:at]) for at in range(len(durations))]
    rows = zip(range(len(durations)), "abcdefgh", begins, durations, strict=False)
    return pd.DataFrame(rows, columns=["step", "phase", "begin_s", "duration_s"])


def test_short_neighbours_are_drawn_as_one_bar():
    drawn_bars = bars(phases(1.0, 0.005, 0.006, 1.0, 0.004, 2.0))
    assert [bar.name for bar in drawn_bars] == ["a", "2 others", "d", "e", "f"]
    assert [bar.phases for bar in drawn_bars] == [1, 2, 1, 1, 1]
    assert drawn_bars[1].begin_s == 1.0
    assert drawn_bars[1].end_s == pytest.approx(1.011)


def test_bars_leave_no_gap():
    drawn_bars = bars(phases(1.0, 0.005, 0.006, 1.0, 0.004, 2.0))
    begins = [bar.begin_s for bar in drawn_bars[1:]]
    assert begins == pytest.approx([bar.end_s for bar in drawn_bars[:-1]])


def test_labels_do_not_overlap():
    places = style.spread_labels([0.5, 0.5, 0.52, 0.1], gap=0.1)
    ordered = sorted(places)
    assert all(high - low > 0.1 - 1e-9 for low, high in pairwise(ordered))


def test_a_curve_without_a_simulation_says_so(tmp_path):
    measured = load(made_up.tables(tmp_path, ("process",)))
    picture = storm(storm_points(measured.storm))
    as_svg(picture, "x")
    assert "Nothing was simulated" in words(picture)


def test_a_simulation_alone_says_so():
    points = tables()["storm"][0]
    face = words(storm(points[points["source"] == "simulated"]))
    assert "Lines: simulated; nothing was measured." in face
    assert "medians of 15 storms" in face


def test_points_that_the_model_has_not_seen_are_hollow():
    """Made up: measured up to n = 8 and 32; the model is fitted to n <= 4."""
    ax = drawn("memory", "en").axes[0]
    faces = {line.get_markerfacecolor() for line in ax.lines if line.get_marker() == "s"
             and len(line.get_xdata()) and min(line.get_xdata()) > 4}  # fmt: skip
    assert faces == {style.PAPER}


def test_published_points_stand_in_the_same_chart_and_are_called_so():
    picture = drawn("storm", "en")
    assert "published, m5d.metal: microvm (kvm)" in words(picture)
    assert "microvm (kvm), published points: 160 ms at n = 1" in picture.alt


def test_errors_are_drawn_over_n_and_only_those_that_were_held_out():
    picture = validation(tables()["validation"][0], AIMS)
    xs = {x for ax in picture.axes for line in ax.lines if line.get_label()[0] != "_"
          for x in line.get_xdata()}  # fmt: skip
    assert xs == {8}


@pytest.mark.parametrize("chart", [stacks, disk, work, waterfall])
def test_a_simulation_stands_beside_what_was_measured_and_is_not_added_to_it(chart):
    measured = tables()[chart.name][0]
    measured = measured[measured["isolation"] == "container"]
    face = words(chart(pd.concat([measured, measured.assign(source="simulated")])))
    assert "container, measured" in face.replace(",  ", ", ")
    assert "container, simulated" in face.replace(",  ", ", ")
    assert "measured on made-up: container; simulated for made-up: the same" in face
