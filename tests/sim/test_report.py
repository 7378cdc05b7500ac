"""The report: nothing asked from the network, nothing silently left out."""

import re
from html.parser import HTMLParser

import pytest
from rich.console import Console

from sim.cli import main
from sim.contract import ISOLATIONS
from sim.report import Evidence, gather, page, print_results, terminal
from sim.report.predictions import predictions
from sim.report.results import HEADER, results
from sim.report.words import WORDS
from tests.sim import made_up

VOID = {"meta", "link", "br", "img", "input"}


def evidence(tmp_path, measured=("process", "container"), recorded=("qemu",), **meta) -> Evidence:
    """`measured` on this machine, `recorded` on another one, the rest missing; all simulated."""
    here, there = tmp_path / "measured", tmp_path / "recorded"
    if measured:
        made_up.tables(here, measured, **meta)
    if recorded:
        made_up.tables(there, recorded)
    profile, simulated = tmp_path / "profile.toml", tmp_path / "simulated"
    if not measured:
        return gather(here, there, None, None)
    assert main(["calibrate", str(here), "-o", str(profile)]) == 0
    assert main(["run", str(profile), "--n", "1,2,4..16", "-o", str(simulated)]) == 0
    return gather(here, there, profile, simulated)


class Tree(HTMLParser):
    """Tags that are open, every attribute, and all text outside of style."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.attributes: list[tuple[str, str, str]] = []
        self.text: list[str] = []

    def handle_starttag(self, tag, attrs):
        self.attributes += [(tag, name, value or "") for name, value in attrs]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.attributes += [(tag, name, value or "") for name, value in attrs]

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if "style" not in self.open:
            self.text.append(data)


def parsed(html: str) -> Tree:
    tree = Tree()
    tree.feed(html)
    assert tree.open == []
    return tree


@pytest.fixture(scope="module")
def usual(tmp_path_factory) -> Evidence:
    return evidence(tmp_path_factory.mktemp("usual"))


@pytest.fixture(scope="module")
def html(usual) -> str:
    return page(usual)


def test_the_page_asks_the_network_for_nothing(html):
    tree = parsed(html)
    asking = [
        (tag, name, value)
        for tag, name, value in tree.attributes
        if name in ("src", "href", "xlink:href", "srcset", "data", "action", "poster")
        and not value.startswith(("#", "data:"))
    ]
    assert asking == []
    assert "@import" not in html
    assert not re.search(r"url\((?!#)", html)
    assert "<script" not in html


def test_identifiers_are_unique_and_pictures_have_words(html):
    tree = parsed(html)
    ids = [value for _, name, value in tree.attributes if name == "id"]
    assert len(ids) == len(set(ids))
    pictures = [tag for tag, name, value in tree.attributes if (name, value) == ("role", "img")]
    labels = [value for tag, name, value in tree.attributes if (tag, name) == ("svg", "aria-label")]
    assert len(pictures) == len(labels) == 5 * len(WORDS)
    assert len(set(labels)) == len(labels)
    assert min(map(len, labels)) > 60


def test_every_chart_has_its_table(html):
    for name in ("stacks", "starts", "waterfall", "memory", "storm"):
        section = html.split(f'<section id="{name}">')[1].split("</section>")[0]
        assert "<svg" in section
        assert "<details>" in section
        assert "<td" in section


def test_recorded_and_missing_are_said_with_the_reason(tmp_path):
    found = evidence(tmp_path, skipped={"qemu": "no guest kernel", "uml": "no linux <binary>"})
    rows = {row.isolation: row for row in results(found)}
    assert [rows[name].data for name in ("process", "container", "uml", "qemu")] == [
        "measured",
        "measured",
        "missing",
        "recorded",
    ]
    assert rows["qemu"].accelerator == "tcg, software emulation"
    assert set(rows["uml"][3:]) == {"–"}
    html = page(found)
    assert "<b>qemu</b>: recorded: no guest kernel" in html
    assert "<b>uml</b>: missing: no linux &lt;binary&gt;" in html


def test_every_chart_says_what_is_recorded_and_what_is_missing(tmp_path, html):
    full = page(evidence(tmp_path, measured=("process", "container", "uml", "qemu")))
    for name in ("stacks", "starts", "waterfall", "memory", "storm"):
        section = html.split(f'<section id="{name}">')[1].split("</section>")[0]
        assert "Recorded on another machine: qemu." in section
        assert "Missing, neither measured nor recorded: uml." in section
    assert "marked" not in full.partition("</style>")[2]


def test_the_row_says_which_table_is_recorded(tmp_path):
    found = evidence(tmp_path, ("process",), ("process",))
    (tmp_path / "measured" / "storm.csv").unlink()
    found = gather(tmp_path / "measured", tmp_path / "recorded", None, None)
    row = dict(zip(HEADER, results(found)[0], strict=True))
    assert row["data"] == "startup measured, storm recorded, memory measured"


def test_recorded_rows_are_not_held_against_the_model(usual):
    """The profile was fitted on this machine: it is not compared with another one's numbers."""
    errors = usual.errors
    assert set(errors["isolation"]) == {"process", "container"}


def test_a_machine_that_can_do_nothing_still_gets_a_report(tmp_path):
    found = evidence(tmp_path, measured=(), recorded=("process", "container", "uml", "qemu"))
    html = page(found)
    assert "Nothing was measured on this machine." in html
    assert "No profile was given: nothing is simulated." in html
    assert html.count('role="img"') == 5 * len(WORDS)
    assert {row.data for row in results(found)} == {"recorded"}


def test_with_nothing_at_all_it_says_so(tmp_path):
    html = page(gather(tmp_path / "none", None, None, None))
    assert "Nothing was measured and nothing is recorded: there is no answer." in html
    assert html.count("No data to draw.") == 5


def test_the_answer_is_computed(html):
    """Made up: one container 1.4 MiB, one qemu guest 109 MiB, 108 of them guest and monitor."""
    answer = html.split('<p class="said answer" lang="en">')[1].split("</p>")[0]
    plain = answer.replace("\N{NO-BREAK SPACE}", " ")
    assert plain.startswith("<b>Run from the same image, a virtual machine (recorded on another")
    assert (
        "and each further one takes 160 times the memory, 97.0 MiB against 0.600 MiB.</b>" in plain
    )
    assert "Recorded on another machine, not measured on this one: qemu." in plain
    assert "Neither measured nor recorded: uml." in plain
    assert "One instance takes 1.30 MiB (process), 1.40 MiB (container) and 109 MiB (qemu)" in plain
    assert "99 % (qemu) is not the program" in plain


def test_the_answer_can_be_read_aloud(html):
    """No brackets within brackets; emulation is said once; least isolated first, everywhere."""
    answer = html.split('<p class="said answer" lang="en">')[1].split("</p>")[0]
    assert not re.search(r"\([^)]*\(", answer)
    assert answer.count("tcg") == 1
    assert answer.index("</b>") < answer.index("tcg")
    for sentence in answer.split(". "):
        named = re.findall(r"\((process|container|uml|qemu)\)", sentence)
        assert named == sorted(named, key=ISOLATIONS.index)


def test_headers_alone_are_what_a_machine_writes_that_can_do_nothing(tmp_path):
    made_up.tables(tmp_path / "here", (), skipped=dict.fromkeys(ISOLATIONS, "no namespaces"))
    there = made_up.tables(tmp_path / "there")
    for recorded, word in ((there, "recorded"), (None, "missing")):
        found = gather(tmp_path / "here", recorded, None, None)
        assert {row.data for row in results(found)} == {word}
        html = page(found)
        assert "Nothing was measured on this machine." in html
        assert f"<b>qemu</b>: {word}: no namespaces" in html
        assert ("no answer" in html) == (word == "missing")


@pytest.mark.parametrize("parts", [("process", "container"), ("process",), ()])
def test_the_terminal_shows_every_number_at_80_columns(tmp_path, monkeypatch, capsys, parts):
    found = evidence(tmp_path, parts, ("process", "container", "uml", "qemu"), skipped={})
    monkeypatch.setattr(terminal, "console", lambda: Console(width=80))
    capsys.readouterr()
    print_results(found)
    out = capsys.readouterr().out
    assert "\N{HORIZONTAL ELLIPSIS}" not in out
    rows = {line.split()[0]: line.split() for line in out.splitlines() if line.strip()}
    for row in results(found):
        assert " ".join(rows[row.isolation]).endswith(" ".join(row[4:]))


def test_predictions_are_a_row_an_isolation(usual):
    rows = predictions(usual.errors)
    assert [(row.isolation, row.ns) for row in rows] == [
        ("process", "8, 16"),
        ("container", "8, 16"),
    ]
    assert all(re.fullmatch(r"[\d.]+ % \([\d.]+ %\)", row.makespan) for row in rows)


def test_the_same_tables_make_the_same_page(usual, html):
    assert page(usual) == html


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_both_schemes_define_every_colour_that_is_used(html, scheme):
    used = set(re.findall(r"var\((--\w+)", html))
    style = html.split("<style>")[1].split("</style>")[0]
    light, dark = style.split("prefers-color-scheme: dark")
    defined = set(re.findall(r"(--\w+):", light if scheme == "light" else dark.split("@media")[0]))
    assert used - defined == set()
