"""Timelines: one page that asks nobody, and shows the starts that are in the tables."""

import re
from html.parser import HTMLParser
from itertools import pairwise

import pandas as pd
import pytest

from sim.cli import main
from sim.files import read_table
from sim.profile_files import write_profile
from sim.timeline import frame, timeline
from sim.timeline.crowds import of_folder, of_profile
from sim.timeline.panels import bars, panels, ticks
from sim.traces import Slice
from tests.sim import made_up
from tests.sim.profiles_made_up import profile


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return made_up.tables(tmp_path_factory.mktemp("tables"))


class Attributes(HTMLParser):
    """All attributes of a page, and whether tags are closed in turn."""

    def __init__(self, html):
        super().__init__()
        self.found, self.open = [], []
        self.feed(html)
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.found += [(tag, name, value) for name, value in attrs]
        if tag not in ("meta", "link", "input", "br"):
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.found += [(tag, name, value) for name, value in attrs]

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def test_the_page_asks_for_nothing(folder):
    html = timeline(of_folder(folder, [], None))
    asking = [
        one for one in Attributes(html).found if one[1] in ("src", "href") and one[2] != "data:,"
    ]
    assert asking == []
    assert "@import" not in html
    assert "url(" not in html


def test_a_panel_for_each_isolation_in_the_order_of_isolation(folder):
    html = timeline(of_folder(folder, [], 8))
    names = re.findall(r'class="name"[^>]*>([^<]+)<', html)
    assert names == ["process", "container", "uml", "qemu (tcg, software emulation)"]
    assert html.count("8 of 8 ready, the last after") == 4
    labels = re.findall(r'aria-label="([^"]+starts:[^"]+)"', html)
    assert len(labels) == 4
    assert all("measured, 8 starts: the first ready after" in text for text in labels)


def test_without_a_number_the_largest_that_all_have(folder):
    found = panels(of_folder(folder, [], None))
    assert [len(panel.lanes) for panel in found] == [8, 8, 8, 8]
    assert len(panels(of_folder(folder, ["container"], None))[0].lanes) == 32


def test_one_start_alone_shows_its_phases(folder):
    found = panels(of_folder(folder, [], 1))
    assert [len(panel.lanes) for panel in found] == [1, 1, 1, 1]
    phases = [one.name for one in found[1].lanes[0]]
    assert phases == [name for name, _, _ in made_up.PLANS["container"]]
    html = timeline(of_folder(folder, ["container"], 1))
    assert re.search(r'class="state">ready after [\d.]+ ms<', html)


def test_simulated_crowds_have_every_stage():
    found = panels(of_profile(profile(), [], 3, seed=0))
    assert [one.name for one in found[0].lanes[0]] == ["clone", "first output"]
    assert found[0].source == "simulated"
    # By hand: one spawner clones in turn, and from 20 ms on three share two cores.
    assert found[0].ready_s == pytest.approx([0.05, 0.06, 0.07])


def test_a_frame_of_a_table_is_a_timeline_too(folder):
    storm = pd.DataFrame(read_table(folder, "storm"))
    chosen = storm[(storm["n"] == 4) & (storm["repeat"] == 1)]
    html = timeline(chosen.assign(source="recorded"), title="Four & more")
    assert html.count('class="panel"') == 4
    assert "recorded, 4 starts" in html
    assert "Four &amp; more" in html
    starts = pd.read_csv(folder / "startup.csv")
    uml = starts[(starts["isolation"] == "uml") & (starts["part"] == "start")]
    assert "5 of 5 ready" in timeline(uml)


def test_the_picture_of_the_end_is_there_without_a_script(folder):
    html = timeline(of_folder(folder, [], 8))
    still = html.partition("<script>")[0]
    assert '<div class="controls" hidden>' in still
    assert still.count('class="curtain" x="100%"') == 4
    # A panel of 8 starts: each has its bar, and the pale line of one that runs.
    panel = still.split('class="bars"')[1].split("</svg>")[0]
    assert panel.count("<rect") == 16


def test_a_notebook_gets_a_frame_with_the_whole_page(folder):
    page = timeline(of_folder(folder, [], 8))
    inside = {name: value for _, name, value in Attributes(page._repr_html_()).found}
    assert inside["srcdoc"] == page
    assert inside["title"] == "Many starts, on one clock"
    assert int(inside["height"]) > 300
    assert len(repr(page)) < 100
    assert frame("<title>x</title>", 10).startswith("<iframe ")


def test_in_korean_if_asked_to_or_if_charts_are(folder, monkeypatch):
    html = timeline(of_folder(folder, [], 8), language="ko")
    monkeypatch.setattr("sim.language._now", ["ko"])
    assert timeline(of_folder(folder, [], 8)) == html
    assert '<html lang="ko">' in html
    assert "8개 중 8개 준비됨" in html


def test_nothing_to_show_is_said():
    assert "no start was given" in timeline([])


def slices(*lengths):
    """Phases one after the other."""
    at_s, found = 0.0, []
    for number, long_s in enumerate(lengths):
        found.append(Slice("g", "t", str(number), at_s, long_s, 0.0, "uml", "uml"))
        at_s += long_s
    return found


def test_short_neighbours_are_one_bar_and_nothing_is_lost():
    lane = slices(0.1, 0.1, 0.9, 5.0, 0.2)
    found = list(bars(lane, 1.0))
    assert [bar.name for bar in found] == ["0, 1, 2", "3", "4"]
    assert found[0].begin_s == 0.0
    assert found[-1].end_s == pytest.approx(6.3)
    assert all(a.end_s == b.begin_s for a, b in pairwise(found))


@pytest.mark.parametrize("end_s", [1e-4, 0.0083, 0.126, 1.0, 9.99, 10.5, 3600.0])
def test_ticks_are_few_and_inside(end_s):
    found = ticks(end_s)
    assert 2 <= len(found) <= 6
    assert 0 < found[0] < found[-1] < end_s


def test_the_command_writes_the_page(folder, tmp_path, capsys):
    out = tmp_path / "new" / "timeline.html"
    assert main(["timeline", str(folder), "--n", "4", "-o", str(out)]) == 0
    assert capsys.readouterr().out == f"{out}\n"
    assert "4 of 4 ready" in out.read_text(encoding="utf-8")
    write_profile(tmp_path / "p.toml", profile())
    command = ["timeline", str(tmp_path / "p.toml"), "--isolation", "qemu", "--language", "ko"]
    assert main([*command, "-o", str(out)]) == 0
    assert "시뮬레이션, 시작 8개" in out.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("flags", "line"),
    [
        (["--n", "5"], "storm.csv: no storm with n = 5; there are 1, 2, 4, 8, 16, 32"),
        (["--n", "0"], "--n: expected at least 1, got 0"),
        (["--language", "fr"], "language 'fr' is unknown; valid: en, ko"),
    ],
)
def test_what_cannot_be_is_one_line(folder, tmp_path, capsys, flags, line):
    out = tmp_path / "timeline.html"
    assert main(["timeline", str(folder), *flags, "-o", str(out)]) == 2
    told = capsys.readouterr().err
    assert line in told
    assert told.count("\n") == 1
    assert not out.exists()


def test_more_than_the_host_holds_is_one_line(tmp_path, capsys):
    write_profile(tmp_path / "p.toml", profile())
    command = ["timeline", str(tmp_path / "p.toml"), "--isolation", "qemu", "--n", "64"]
    assert main([*command, "-o", str(tmp_path / "t.html")]) == 2
    assert "more than the host's memory holds" in capsys.readouterr().err
