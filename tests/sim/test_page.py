"""The simulator as one file: opened by double click, worked by keys, and told by URL."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from sim.cli import main
from sim.page.answer import answer
from tests.devtools import browser

ROOT = Path(__file__).parents[2]
MOST_MB = 12
READY = "document.getElementById('status').textContent.match(/[0-9]/) !== null"
SHARED = "profile=recorded&isolation=process,container,uml&n=5&per_s=50&busy=25&cores=4&seed=3"


def test_an_archive_that_is_none_is_one_line(tmp_path, capsys):
    (tmp_path / "x.tgz").write_bytes(b"no archive")
    flags = ["--runtime", str(tmp_path / "x.tgz"), "-o", str(tmp_path / "page.html")]
    assert main(["page", *flags]) == 2
    told = capsys.readouterr().err
    assert "not Pyodide's npm package" in told
    assert told.count("\n") == 1
    assert not (tmp_path / "page.html").exists()


def fetched(folder, **environment):
    """What becomes of the attempt to fetch the runtime into `folder`: exit code and words."""
    command = [sys.executable, "tools/pyodide.py", str(folder)]
    surroundings = os.environ | environment
    done = subprocess.run(
        command, cwd=ROOT, env=surroundings, capture_output=True, text=True, check=False
    )
    return done.returncode, done.stderr


def test_without_npm_one_line_says_how_to_get_it(tmp_path):
    code, told = fetched(tmp_path, PATH=str(tmp_path))
    assert code == 1
    assert told.endswith("is not here; on Debian: apt install npm\n")
    assert told.count("\n") == 1


@pytest.mark.pyodide
def test_without_a_network_one_line_says_so_and_nothing_is_left(tmp_path):
    code, told = fetched(tmp_path, npm_config_registry="http://localhost:9")
    assert code == 1
    assert "is there a network" in told
    assert told.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


@pytest.fixture(scope="module")
def page(tmp_path_factory) -> Path:
    """The page, as `make page` makes it."""
    command = [sys.executable, "tools/pyodide.py", "out/cache"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    path = tmp_path_factory.mktemp("page") / "simulator.html"
    runtime = str(ROOT / done.stdout.strip())
    assert main(["page", "--runtime", runtime, "-o", str(path)]) == 0
    return path


@pytest.fixture(scope="module")
def tab(page):
    """A browser in which the page has given its first answer, to a scenario of an address."""
    with browser(page.parent) as found:
        found.open(f"{page.as_uri()}#{SHARED}&language=en")
        found.until(READY)
        yield found


browsed = [pytest.mark.pyodide, pytest.mark.chromium, pytest.mark.slow]


def shown(tab):
    """The numbers that the page shows now."""
    return tab.tell("document.getElementById('numbers').textContent")


def change(tab, script):
    """Change something, and wait for the answer to it."""
    before = shown(tab)
    tab.tell(script)
    tab.until("!document.querySelector('.stale') && " + READY)
    assert shown(tab) != before


class TestInTheBrowser:
    pytestmark = browsed

    def test_it_is_small_enough_to_be_sent(self, page):
        assert page.stat().st_size < MOST_MB * 1e6

    def test_the_numbers_are_those_of_python_to_the_last_digit(self, tab):
        asked = {"profile": "recorded", "isolation": ["process", "container", "uml"], "n": 5,
                 "per_s": 50, "busy_ratio": 0.25, "cores": 4, "memory_mib": None, "seed": 3,
                 "language": "en"}  # fmt: skip
        assert shown(tab) == json.loads(answer(json.dumps(asked)))["numbers"]

    def test_and_those_of_the_command_that_it_names(self, tab, capsys, monkeypatch):
        monkeypatch.chdir(ROOT)
        command = tab.tell("document.getElementById('command').textContent").split()
        assert command[:2] == ["sim", "what-if"]
        assert main(command[1:]) == 0
        assert capsys.readouterr().out == shown(tab) + "\n"

    def test_a_changed_scenario_is_in_the_address_and_comes_back_from_it(self, tab):
        change(tab, "(() => { const n = document.querySelector('[name=n]'); n.value = 200;"
                    " n.dispatchEvent(new Event('input', {bubbles: true})) })()")  # fmt: skip
        assert "n=200" in tab.tell("location.hash")
        assert tab.tell("document.getElementById('link').value") == tab.tell("location.href")
        assert len(json.loads(shown(tab))["isolations"][0]["ready_s"]) == 200
        change(tab, f"location.hash = '{SHARED}'")
        assert tab.tell("document.querySelector('[name=n]').value") == "5"
        boxes = "[...document.querySelectorAll('#isolations input')].map(one => one.checked)"
        assert tab.tell(boxes) == [True, True, True, False]

    def test_published_figures_have_isolations_of_their_own(self, tab):
        change(tab, "(() => { const of = document.querySelector('[name=profile]');"
                    " of.value = 'published';"
                    " of.dispatchEvent(new Event('input', {bubbles: true})) })()")  # fmt: skip
        names = [one["isolation"] for one in json.loads(shown(tab))["isolations"]]
        assert names == ["process", "container", "sandbox", "microvm", "vm", "snapshot", "pool"]
        change(tab, f"location.hash = '{SHARED}'")

    def test_it_is_worked_by_keys(self, tab):
        order = []
        tab.tell("document.activeElement.blur()")
        for _ in range(40):
            tab.press("Tab")
            focus = "(one => one.name || one.className || one.id || one.value || one.tagName)"
            order.append(tab.tell(f"{focus}(document.activeElement)"))
        wanted = ["profile", "cores", "memory_mib", "n", "slider", "per_s", "busy", "seed",
                  "process", "container", "uml", "qemu", "link", "copy", "wide",
                  "play"]  # fmt: skip
        assert [name for name in order if name in wanted][: len(wanted)] == wanted

    def test_everything_has_a_name(self, tab):
        names = tab.names()
        assert [one for one in names if not one[1].strip()] == []
        assert {("spinbutton", "Instances"), ("button", "Play")} <= set(names)
        assert ("combobox", "Figures") in names
        pictures = [name for role, name in names if role in ("image", "img")]
        assert len(pictures) == 5
        assert tab.tell("document.getElementById('status').getAttribute('role')") == "status"

    def test_it_speaks_korean(self, tab):
        tab.tell("document.querySelector('[data-language=ko]').click()")
        tab.until("document.querySelector('#sentence').textContent.includes('코어 4개에서')")
        assert tab.tell("document.documentElement.lang") == "ko"
        assert "language=ko" in tab.tell("location.hash")
        said = "[...document.querySelectorAll('[data-word]')].map(one => one.textContent)"
        assert [text for text in tab.tell(said) if not re.search("[가-힣]", text)] == []
        tab.tell("document.querySelector('[data-language=en]').click()")
        tab.until("document.querySelector('#sentence').textContent.startsWith('With 5')")

    def test_what_cannot_be_is_said_and_the_page_goes_on(self, tab):
        tab.tell(
            "document.querySelectorAll('#isolations input:checked').forEach(one => one.click())"
        )
        tab.until("document.getElementById('problem').textContent.includes('choose at least')")
        change(tab, "document.querySelector('#isolations input').click()")
        tab.tell("location.hash = 'n=-5'")
        tab.until("document.getElementById('problem').textContent.includes('Instances: ')")
        assert tab.tell("document.getElementById('status').textContent") != "Simulating ..."
        change(tab, "location.hash = 'n=6'")
        assert tab.tell("document.getElementById('problem').textContent") == ""
        change(tab, f"location.hash = '{SHARED}'")

    @pytest.mark.parametrize("width", [360, 1280])
    def test_nothing_is_wider_than_the_window(self, tab, width):
        tab.call("Emulation.setDeviceMetricsOverride", width=width, height=800,
                 deviceScaleFactor=1, mobile=False)  # fmt: skip
        assert tab.tell("innerWidth") == width
        assert tab.tell("document.documentElement.scrollWidth") <= width
        fields = "[...document.querySelectorAll('form input, form select, form button')]"
        box = "one.getBoundingClientRect()"
        ends = f"Math.max(...{fields}.map(one => {box}.right))"
        assert tab.tell(ends) <= width

    def test_nobody_was_asked_and_nothing_complained(self, tab, page):
        """By page and worker, in all that the tests before did. Control: the page was asked for."""
        asked = {url.partition("#")[0] for url in tab.requests()}
        assert asked == {page.as_uri()}
        assert tab.complaints() == []
