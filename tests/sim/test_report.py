"""The report: nothing asked from the network, nothing silently left out."""

import re
from html.parser import HTMLParser

import pytest

from sim.cli import main
from sim.report import Evidence, gather, page
from sim.report.results import HEADER, results
from tests.sim import made_up

VOID = {"meta", "link", "br", "img"}


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
    assert len(pictures) == len(labels) == 5
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
    assert html.count('role="img"') == 5
    assert {row.data for row in results(found)} == {"recorded"}


def test_with_nothing_at_all_it_says_so(tmp_path):
    html = page(gather(tmp_path / "none", None, None, None))
    assert "Nothing was measured and nothing is recorded: there is no answer." in html
    assert html.count("No data to draw.") == 5


def test_the_answer_is_computed(html):
    """Made up: one container 3.3 MiB, one qemu guest 109 MiB, 108 of them guest and monitor."""
    answer = html.split("<p class=answer>")[1].split("</p>")[0]
    plain = answer.replace("\N{NO-BREAK SPACE}", " ")
    assert "3.30 MiB (container)" in plain
    assert "109 MiB (qemu)" in plain
    assert "2.94 s (qemu (tcg, software emulation)" in plain
    assert "Emulation (tcg) is done in software" in plain
    assert "99% (qemu) is not the program" in plain


def test_the_same_tables_make_the_same_page(usual, html):
    assert page(usual) == html


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_both_schemes_define_every_colour_that_is_used(html, scheme):
    used = set(re.findall(r"var\((--\w+)", html))
    style = html.split("<style>")[1].split("</style>")[0]
    light, dark = style.split("prefers-color-scheme: dark")
    defined = set(re.findall(r"(--\w+):", light if scheme == "light" else dark.split("@media")[0]))
    assert used - defined == set()
