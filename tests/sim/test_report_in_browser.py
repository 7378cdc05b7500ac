"""The report as a reader opens it: by double click, on a projector or a phone, in two languages."""

import base64
import re
from pathlib import Path

import pytest

from sim.cli import main
from tests.devtools import browser
from tests.sim import made_up

pytestmark = pytest.mark.chromium


@pytest.fixture(scope="module")
def report(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("report")
    measured = made_up.tables(folder / "measured")
    path, profile, simulated = (folder / name for name in ("report.html", "profile", "simulated"))
    assert main(["calibrate", str(measured), "-o", str(profile)]) == 0
    assert main(["run", str(profile), "-o", str(simulated)]) == 0
    flags = ["--measured", measured, "--profile", profile, "--simulated", simulated, "-o", path]
    assert main(["report", *map(str, flags)]) == 0
    return path


@pytest.fixture(scope="module")
def tab(report):
    with browser(report.parent) as found:
        yield found


def choose(tab, language):
    """Work the buttons as keys do: to the one that is chosen, and on to the other."""
    tab.tell("document.querySelector('[name=language]:checked').focus()")
    if tab.tell("document.activeElement.value") != language:
        tab.press("ArrowRight")
    assert tab.tell("document.querySelector('[name=language]:checked').value") == language


def seen(tab, selector):
    """What of these elements is on the page to be seen."""
    found = f"[...document.querySelectorAll('{selector}')]"
    return tab.tell(f"{found}.filter(one => one.offsetParent).map(one => one.textContent)")


def test_the_page_asks_nobody_and_complains_of_nothing(tab, report, tmp_path):
    """Control: a page that asks a host, and says so."""
    asking = tmp_path / "asking.html"
    asking.write_text('<img src="http://localhost:9/x.png" alt="">', encoding="utf-8")
    tab.open(asking)
    assert "http://localhost:9/x.png" in tab.requests()
    assert tab.complaints() != []
    tab.events.clear()
    tab.open(report)
    assert tab.tell("document.querySelectorAll('[role=img]').length") == 10
    assert tab.requests() == [report.as_uri()]
    assert tab.complaints() == []


def test_one_language_is_seen_and_the_other_is_a_key_away(tab, report):
    tab.open(report)
    for language, title in (("en", "The answer"), ("ko", "답"), ("en", "The answer")):
        choose(tab, language)
        assert seen(tab, "#answer h2 span") == [title]
        texts = seen(tab, ".said")
        assert len(texts) > 60
        korean = [text for text in texts if re.search("[가-힣]", text)]
        assert len(korean) > 0.9 * len(texts) if language == "ko" else korean == []
        heights = "[...document.querySelectorAll('figure svg')].map(one => one.clientHeight)"
        assert sum(height > 50 for height in tab.tell(heights)) == 5


@pytest.mark.parametrize("language", ["en", "ko"])
@pytest.mark.parametrize("width", [360, 1280])
def test_the_page_never_scrolls_sideways(tab, report, width, language):
    tab.open(report, width=width)
    choose(tab, language)
    assert tab.tell("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("section", ["results", "predictions"])
def test_the_tables_that_all_read_need_no_scroll_bar(tab, report, section):
    """Neither sideways nor up and down, on a projector. Both are there: control."""
    tab.open(report)
    for language in ("en", "ko"):
        choose(tab, language)
        table = f"document.querySelector('#{section} > .wide')"
        for way in ("Width", "Height"):
            assert tab.tell(f"{table}.scroll{way} - {table}.client{way}") == 0
            assert tab.tell(f"{table}.client{way}") > 100


def test_it_prints_on_pages_without_the_buttons(tab, report):
    tab.open(report)
    told = tab.call("Page.printToPDF", preferCSSPageSize=False)
    pdf = base64.b64decode(told["data"])
    assert pdf.startswith(b"%PDF-")
    assert 3 < len(re.findall(rb"/Type\s*/Page\b", pdf)) < 20
    tab.call("Emulation.setEmulatedMedia", media="print")
    assert seen(tab, ".languages") == []
    tab.call("Emulation.setEmulatedMedia", media="")
    assert len(seen(tab, ".languages")) == 1
