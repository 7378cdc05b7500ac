"""The timeline as a reader works it: with keys, on a phone, without scripts, inside a notebook."""

import pytest

from sim.cli import main
from sim.timeline import timeline
from sim.timeline.crowds import of_folder
from tests.devtools import browser
from tests.sim import made_up

pytestmark = pytest.mark.chromium
CURTAIN = "Number(document.querySelector('.curtain').getAttribute('x').replace('%', ''))"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("timeline")


@pytest.fixture(scope="module")
def page(folder):
    tables = made_up.tables(folder / "tables")
    assert main(["timeline", str(tables), "--n", "8", "-o", str(folder / "page.html")]) == 0
    return folder / "page.html"


@pytest.fixture(scope="module")
def tab(folder):
    with browser(folder) as found:
        yield found


def focused(tab):
    return tab.tell("document.activeElement.className || document.activeElement.type")


def test_it_plays_stops_and_moves_by_keys_alone(tab, page):
    tab.open(page)
    assert tab.tell(CURTAIN) == 100
    tab.press("Tab")
    assert focused(tab) == "play"
    tab.press(" ")
    tab.until(f"{CURTAIN} < 100")
    assert tab.tell("document.activeElement.textContent") == "Pause"
    tab.until(f"{CURTAIN} > 1")
    tab.press(" ")
    assert tab.tell("document.activeElement.textContent") == "Play"
    tab.press("Tab")
    assert focused(tab) == "range"
    tab.press("Home")
    assert tab.tell(CURTAIN) == 0
    assert tab.tell("document.querySelector('.state').textContent") == "0 of 8 ready"
    tab.press("ArrowRight", 3)
    assert tab.tell(CURTAIN) == pytest.approx(0.3)
    told = tab.tell("document.activeElement.getAttribute('aria-valuetext')")
    assert told == tab.tell("document.querySelector('.clock').textContent")
    tab.press("End")
    assert tab.tell("document.querySelector('.state').textContent").startswith("8 of 8 ready, the")


def test_it_reaches_the_end_and_stops(tab, page):
    tab.open(page)
    tab.tell("document.querySelector('select').value = '0.01'")
    tab.tell("document.querySelector('.play').click()")
    tab.until("document.querySelector('.play').textContent === 'Pause'")
    tab.until("document.querySelector('.play').textContent === 'Play'")
    assert tab.tell(CURTAIN) == 100


def test_each_in_its_own_scale(tab, page):
    tab.open(page)
    bars = "[...document.querySelectorAll('.bars')]"
    widths = f"{bars}.map(one => parseFloat(one.getAttribute('width')))"
    common = tab.tell(widths)
    assert max(common) == 100
    assert min(common) < 1
    tab.tell("document.querySelector('.each').click()")
    assert tab.tell(widths) == [100] * 4
    shown = "getComputedStyle(document.querySelector('.alone')).display"
    assert tab.tell(shown) != "none"
    tab.tell("document.querySelector('.each').click()")
    assert tab.tell(widths) == common


def test_with_reduced_motion_it_goes_in_steps(tab, page):
    tab.open(page, prefers_reduced_motion="reduce")
    tab.tell("document.querySelector('select').value = '0.01'")
    tab.tell("document.querySelector('.play').click()")
    tab.until(f"{CURTAIN} === 10")


def test_everything_has_a_name(tab, page):
    tab.open(page)
    names = tab.names()
    assert [one for one in names if not one[1].strip()] == []
    assert {("button", "Play"), ("combobox", "Speed")} <= set(names)
    assert ("checkbox", "each in its own scale") in names
    assert [name for role, name in names if role == "slider"] == ["Time"]
    assert sum(role in ("image", "img") for role, _ in names) == 4


@pytest.mark.parametrize("width", [360, 1280])
def test_nothing_is_wider_than_the_window(tab, page, width):
    tab.open(page, width=width)
    assert tab.tell("document.documentElement.scrollWidth") <= width
    low = "Math.min(...[...document.querySelectorAll('.controls input, .controls button, select')]"
    assert tab.tell(f"{low}.map(one => one.getBoundingClientRect().width))") > 10


def test_it_is_dark_where_the_reader_has_it_dark(tab, page):
    ground = "getComputedStyle(document.body).backgroundColor"
    tab.open(page, prefers_color_scheme="light")
    light = tab.tell(ground)
    tab.open(page, prefers_color_scheme="dark")
    assert tab.tell(ground) != light


def test_without_scripts_the_picture_stays(tab, page):
    tab.call("Emulation.setScriptExecutionDisabled", value=True)
    try:
        tab.open(page)
        assert tab.tell("document.querySelector('.controls').offsetHeight") == 0
        assert tab.tell("document.querySelectorAll('.bars rect').length") == 64
        assert tab.tell("document.querySelector('.plot').getBoundingClientRect().height") > 100
    finally:
        tab.call("Emulation.setScriptExecutionDisabled", value=False)


def test_in_a_frame_of_a_notebook_it_plays_and_fits(tab, page, folder):
    notebook = folder / "notebook.html"
    inside = timeline(of_folder(folder / "tables", [], 8))._repr_html_()
    notebook.write_text(f"<!doctype html><title>n</title>{inside}", encoding="utf-8")
    tab.open(notebook)
    tab.tell("globalThis.it = document.querySelector('iframe').contentDocument")
    tab.until("!it.querySelector('.controls').hidden")
    tab.tell("it.querySelector('.play').click()")
    tab.until("it.querySelector('.curtain').getAttribute('x') !== '100%'")
    over = "it.documentElement.scrollHeight - document.querySelector('iframe').clientHeight"
    tab.until(f"{over} <= 0")


def test_nobody_was_asked_and_nothing_complained(tab):
    """Of all that the tests before did. Control: the pages themselves were asked for."""
    requests = tab.requests()
    assert any(url.endswith("/page.html") for url in requests)
    assert [url for url in requests if not url.startswith("file:")] == []
    assert tab.complaints() == []
