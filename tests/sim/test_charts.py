"""Charts: units on the axes, the source on the face, words for those who cannot see them."""

import re
import xml.etree.ElementTree as ET
from itertools import pairwise

import pandas as pd
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.text import Text

from sim.calibrate import calibrate
from sim.charts import alt, figures, style
from sim.charts.html import as_svg
from sim.charts.waterfall import bars
from sim.experiments.memory import memory
from sim.experiments.storm import storm
from sim.tables import as_frame, load
from sim.tables.summary import (
    median_start,
    memory_points,
    one_instance,
    start_medians,
    start_totals,
    storm_points,
)
from tests.sim import made_up

NAMES = ("stacks", "waterfall", "strips", "memory", "storm")


@pytest.fixture(scope="module")
def drawn(tmp_path_factory) -> dict[str, tuple[Figure, str]]:
    """Every figure with its alternative text, from made-up tables; qemu is a recorded one."""
    folder = made_up.tables(tmp_path_factory.mktemp("measured"))
    tables, profile = load(folder), calibrate(folder).profile
    memories = [row for name in profile.isolation for row in memory(profile, name, [1, 8, 64])]
    storms = [row for name in profile.isolation for row in storm(profile, name, [1, 8, 64])]
    startup = recorded(tables.startup)
    parts, phases = one_instance(recorded(tables.memory)), median_start(startup)
    points = memory_points(recorded(tables.memory), "pss"), storm_points(recorded(tables.storm))
    lines = (
        memory_points(as_frame("memory", memories, "simulated"), "pss"),
        storm_points(as_frame("storm", storms, "simulated")),
    )
    medians = start_medians(startup)
    with style.styled():
        return {
            "stacks": (figures.stacks_figure(parts, 1.5), alt.stacks_alt(parts, 1.5)),
            "waterfall": (figures.waterfall_figure(phases), alt.waterfall_alt(phases)),
            "strips": (
                figures.strips_figure(start_totals(startup), medians),
                alt.strips_alt(medians),
            ),
            "memory": (
                figures.memory_figure(points[0], lines[0]),
                alt.curve_alt(points[0], lines[0], "value_mib", "Memory"),
            ),
            "storm": (
                figures.storm_figure(points[1], lines[1]),
                alt.curve_alt(points[1], lines[1], "makespan_s", "Makespan"),
            ),
        }


def recorded(frame: pd.DataFrame) -> pd.DataFrame:
    """The same rows, those of qemu as if they were recorded on another machine."""
    is_qemu = frame["isolation"] == "qemu"
    source = frame["source"].mask(is_qemu, "recorded")
    return frame.assign(source=source, machine=frame["machine"].mask(is_qemu, "elsewhere"))


def words(figure: Figure) -> str:
    """All text that stands on a figure."""
    return " ".join(text.get_text().replace("\n", " ") for text in figure.findobj(Text))


@pytest.mark.parametrize("name", NAMES)
def test_axes_name_their_units(drawn, name):
    labels = [
        label for ax in drawn[name][0].axes for label in (ax.get_xlabel(), ax.get_ylabel()) if label
    ]
    assert labels
    assert [label for label in labels if not re.search(r"\[\w+\]", label)] == []


@pytest.mark.parametrize("name", NAMES)
def test_log_axes_are_said_in_words(drawn, name):
    for ax in drawn[name][0].axes:
        for scale, label in (
            (ax.get_xscale(), ax.get_xlabel()),
            (ax.get_yscale(), ax.get_ylabel()),
        ):
            assert (scale == "log") == ("log scale" in label)


@pytest.mark.parametrize("name", NAMES)
def test_the_face_says_measured_recorded_machine_and_n(drawn, name):
    face = words(drawn[name][0])
    assert "measured on made-up" in face
    assert "recorded on elsewhere: qemu" in face
    assert re.search(r"\bn\b", face)
    assert "interval" in face or "fastest to slowest" in face
    assert ("simulated for made-up" in face) == (name in ("memory", "storm"))


@pytest.mark.parametrize("name", NAMES)
def test_emulation_is_never_shown_as_virtualisation(drawn, name):
    figure, text = drawn[name]
    for place in (words(figure), text):
        assert "tcg, software emulation" in place
        assert "qemu (kvm)" not in place


@pytest.mark.parametrize("name", NAMES)
def test_svg_has_role_and_words_and_asks_for_nothing(drawn, name):
    figure, text = drawn[name]
    svg = as_svg(figure, text)
    root = ET.fromstring(svg)
    assert root.tag.endswith("svg")
    assert root.get("role") == "img"
    assert root.get("aria-label") == text
    links = {value for node in root.iter() for key, value in node.items() if key.endswith("href")}
    assert all(link.startswith("#") for link in links)
    ids = {node.get("id") for node in root.iter()}
    assert {link[1:] for link in links} <= ids
    assert set(re.findall(r"url\(#([^)]+)\)", svg)) <= ids
    assert "var(--ink, #1f2328)" in svg


def test_the_same_figure_is_the_same_bytes(drawn):
    figure, text = drawn["strips"]
    assert as_svg(figure, text) == as_svg(figure, text)


def test_words_are_required():
    with pytest.raises(ValueError, match="alt must say what the chart shows"):
        as_svg(Figure(), " ")


def test_the_words_hold_the_numbers(drawn):
    """Made up: 0.8 + 0.6 MiB for one container, 12 + 21 MiB of monitor for qemu."""
    text = drawn["stacks"][1]
    assert "container 1.40 MiB (program 1.40 MiB)" in text
    assert "vmm 33.0 MiB" in text


def test_the_engine_is_under_all_stacks_and_in_none(drawn):
    figure, text = drawn["stacks"]
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


def test_stacks_are_to_scale(drawn):
    ax = drawn["stacks"][0].axes[0]
    assert heights(ax) == pytest.approx([1.3, 1.4, 32.0, 109.0])


def test_what_is_too_low_to_see_is_enlarged_as_often_as_is_said(drawn):
    """In the inset a MiB is as many times higher as its title says."""
    figure = drawn["stacks"][0]
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


def test_hangul_is_only_asked_for_where_it_is(monkeypatch):
    monkeypatch.setattr(style, "fontManager", replace_fonts(["DejaVu Sans"]))
    assert style.fonts() == ["DejaVu Sans"]
    monkeypatch.setattr(style, "fontManager", replace_fonts(["DejaVu Sans", "NanumGothic"]))
    assert style.fonts() == ["DejaVu Sans", "NanumGothic"]


def replace_fonts(names):
    """A font manager that knows only these."""

    class Fonts:
        ttflist = [type("Font", (), {"name": name}) for name in names]

    return Fonts


def test_a_curve_without_a_simulation_says_so(drawn, tmp_path):
    tables = load(made_up.tables(tmp_path, ("process",)))
    nothing = storm_points(as_frame("storm", (), "simulated"))
    with style.styled():
        figure = figures.storm_figure(storm_points(tables.storm), nothing)
        as_svg(figure, "x")
    assert "nothing was simulated" in words(figure)
