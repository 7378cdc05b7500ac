"""The picture of the README: drawn by a command, from the recorded tables, readable by itself."""

import re
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from sim.cli import main
from tests.sim import made_up

ROOT = Path(__file__).parents[2]
PICTURE, TABLE = ROOT / "docs" / "stacks.svg", ROOT / "data" / "measured" / "memory.csv"


def told(svg: str) -> tuple[str, list[str]]:
    """What a picture says: its words for those who cannot see it, and each text that is drawn."""
    return ET.fromstring(svg).get("aria-label", ""), re.findall(r"<!-- (.*?) -->", svg, re.DOTALL)


@pytest.fixture(scope="module")
def drawn(tmp_path_factory) -> str:
    folder = tmp_path_factory.mktemp("picture")
    measured, path = made_up.tables(folder / "measured"), folder / "docs" / "stacks.svg"
    assert main(["picture", "--measured", str(measured), "-o", str(path)]) == 0
    return path.read_text(encoding="utf-8")


@pytest.mark.skipif(not TABLE.exists(), reason="data/measured holds no tables yet")
def test_the_committed_picture_is_drawn_from_the_committed_tables(tmp_path):
    """If this fails: .venv/bin/sim picture --measured data/measured -o docs/stacks.svg"""
    assert main(["picture", "--measured", str(TABLE.parent), "-o", str(tmp_path / "new.svg")]) == 0
    new = (tmp_path / "new.svg").read_text(encoding="utf-8")
    assert told(PICTURE.read_text(encoding="utf-8")) == told(new)


def test_a_picture_says_what_it_shows(drawn):
    words, texts = told(drawn)
    assert "container 1.40 MiB (program 1.40 MiB)" in words
    assert "1.40 MiB" in texts
    assert any("measured on made-up" in text for text in texts)


def test_a_picture_needs_no_page_around_it(drawn):
    """Its own width and colours, light ground, and nothing from anywhere else."""
    root = ET.fromstring(drawn)
    assert root.get("width") == "800"
    assert "var(--" not in drawn
    assert "fill: #ffffff" in drawn
    assert not re.search(r"url\((?!#)", drawn)


def test_a_table_without_parts_is_one_line(tmp_path, capsys):
    made_up.tables(tmp_path, ())
    assert main(["picture", "--measured", str(tmp_path), "-o", str(tmp_path / "new.svg")]) == 2
    error = capsys.readouterr().err
    assert error.startswith("sim: ")
    assert error.count("\n") == 1
    assert not (tmp_path / "new.svg").exists()
