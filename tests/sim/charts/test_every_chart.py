"""What holds for every chart, in every language: units, sources, n, interval, words."""

import re
import xml.etree.ElementTree as ET

import pytest
from matplotlib.figure import Figure
from matplotlib.text import Text

from sim.charts import CHARTS, LANGUAGES, Picture, save, speak, styled, waterfall
from sim.charts.html import as_file, as_svg
from sim.errors import BadTable, SimError
from sim.language import spoken
from tests.sim.charts.gallery import drawn, tables

NAMES = [chart.name for chart in CHARTS]
LOG = {"en": "log scale", "ko": "로그 눈금"}
INTERVAL = {"en": "interval", "ko": "신뢰 구간"}
EMULATION = {"en": "tcg, software emulation", "ko": "tcg, 소프트웨어 에뮬레이션"}
every_chart = pytest.mark.parametrize("name", NAMES)
every_language = pytest.mark.parametrize("language", LANGUAGES)


def words(figure: Figure) -> str:
    """All text that stands on a figure."""
    return " ".join(text.get_text().replace("\n", " ") for text in figure.findobj(Text))


def test_the_gallery_has_every_chart():
    assert list(tables()) == NAMES


@every_language
@every_chart
def test_axes_name_their_units_and_say_that_they_are_logarithmic(name, language):
    axes = drawn(name, language).axes
    labels = [one for ax in axes for one in (ax.get_xlabel(), ax.get_ylabel()) if one]
    assert labels
    assert [one for one in labels if not re.search(r"\[[^\]]+\]", one)] == []
    for ax in axes:
        axes_of = (ax.get_xscale(), ax.get_xlabel()), (ax.get_yscale(), ax.get_ylabel())
        for scale, said in axes_of:
            assert (scale == "log") == (LOG[language] in said)


@every_language
@every_chart
def test_the_face_says_where_from_how_many_and_how_sure(name, language):
    face = words(drawn(name, language))
    assert "made-up" in face
    assert re.search(r"\bn\b", face)
    assert INTERVAL[language] in face
    first = tables()[name][0]
    if "accelerator" in first and "tcg" in set(first["accelerator"]):
        for place in (face, drawn(name, language).alt):
            assert EMULATION[language] in place
            assert "qemu (kvm)" not in place


@every_chart
def test_words_stand_in_the_svg_and_it_asks_for_nothing(name):
    picture = drawn(name, "en")
    svg = as_svg(picture, picture.alt)
    root = ET.fromstring(svg)
    assert root.get("role") == "img"
    assert root.get("aria-label") == picture.alt
    links = {value for node in root.iter() for key, value in node.items() if key.endswith("href")}
    ids = {node.get("id") for node in root.iter()}
    assert all(link.startswith("#") for link in links)
    assert {link[1:] for link in links} <= ids
    assert set(re.findall(r"url\(#([^)]+)\)", svg)) <= ids
    assert "var(--ink, #1f2328)" in svg  # follows light and dark of the page
    assert outside(picture) == []


@every_chart
def test_a_notebook_shows_it_with_its_words(name):
    """In Hangul: had a sign no glyph, matplotlib would warn, and a warning is an error here."""
    picture = drawn(name, "ko")
    cell = ET.fromstring(picture._repr_html_())
    assert [node.get("aria-label") for node in cell.iter() if node.get("role")] == [picture.alt]
    assert outside(picture) == []  # words have other lengths than in English


def outside(picture: Picture) -> list[str]:
    """Texts of a picture that was drawn before, and that its edges cut off."""
    with styled(picture.language):
        width, height = picture.bbox.width, picture.bbox.height
        boxes = [(text.get_text(), text.get_window_extent()) for text in picture.findobj(Text)
                 if text.get_visible() and text.get_text().strip()]  # fmt: skip
    return [
        text
        for text, box in boxes
        if shown(text, box)
        and not (min(box.x0, box.y0) > -2 and box.x1 < width + 2 and box.y1 < height + 2)
    ]


def shown(text: str, box) -> bool:
    """Ticks beyond the ends of an axis are texts that are never drawn."""
    return not re.fullmatch(r"[\d.,−-]+", text) and box.width > 0


def test_what_is_cut_off_is_seen():
    picture = waterfall(*tables()["waterfall"])
    as_svg(picture, "x")
    assert outside(picture) == []
    picture.text(0.95, 0.5, "far too long for here")
    assert outside(picture) == ["far too long for here"]


@pytest.mark.parametrize("name", ["stacks", "fleet"])
def test_the_same_table_gives_the_same_bytes(name):
    chart = next(one for one in CHARTS if one.name == name)
    first, again = chart(*tables()[name]), chart(*tables()[name])
    assert as_file(again, again.alt) == as_file(first, first.alt)


@every_chart
def test_a_table_that_holds_nothing_is_one_line(name):
    chart = next(one for one in CHARTS if one.name == name)
    table, *more = tables()[name]
    with pytest.raises(BadTable, match=f"chart {name}: the table has no rows; expected a table as"):
        chart(table.head(0), *more)
    missing = chart.columns[-1]
    with pytest.raises(BadTable, match=f"chart {name}: column {missing!r} is missing"):
        chart(table.drop(columns=missing), *more)


def test_words_are_required():
    with pytest.raises(ValueError, match="alt must say what the chart shows"):
        as_svg(Figure(), " ")


def test_a_chart_tells_its_question_and_its_arguments():
    assert waterfall.question == "Where does the time of a start go?"
    assert repr(waterfall).startswith("<chart waterfall(phases: ")
    assert "median_start" in (waterfall.__doc__ or "")


def test_a_language_holds_for_a_block_or_from_now_on():
    with styled(language="ko"):
        assert spoken() == "ko"
    assert spoken() == "en"
    speak("ko")
    try:
        assert waterfall(*tables()["waterfall"]).language == "ko"
    finally:
        speak("en")
    with pytest.raises(SimError, match="language 'kr': unknown"):
        speak("kr")


def test_a_picture_is_saved_with_its_words(tmp_path):
    from PIL import Image

    picture = drawn("waterfall", "ko")
    for name in ("chart.svg", "chart.png"):
        save(picture, tmp_path / "new" / name)
    svg = ET.parse(tmp_path / "new" / "chart.svg").getroot()
    assert svg.get("aria-label") == picture.alt
    with Image.open(tmp_path / "new" / "chart.png") as png:
        assert png.size[0] == 1200
        assert png.text["Description"] == picture.alt
    with pytest.raises(SimError, match="a file whose name ends in"):
        save(picture, tmp_path / "chart.pdf")
