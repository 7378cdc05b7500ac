"""The chart of two sets: drawn from the table that is written for it, and readable by itself."""

import json
import xml.etree.ElementTree as ET

import pytest

from sim.cli import main

HEAD = "experiment,arm,unit,a_n,a_median,b_n,b_median,ratio,ratio_low,ratio_high,verdict\n"
ROWS = (
    'startup,"container, hot",s,20,0.0065,20,0.0071,1.092,1.01,1.2,more\n'
    "memory,4 x uml,MiB,3,80,3,79,0.9875,0.98,1,cannot tell\n"
)
SIDES = [{"label": name, "machine": name * 8, "recorded_utc": "2026-01-02"} for name in "ab"]


def write(folder, text, sides=SIDES):
    (folder / "compare.csv").write_text(text)
    (folder / "compare.meta.json").write_text(json.dumps({"sides": sides}))
    return folder / "compare.csv", folder / "new" / "chart.svg"


def test_the_picture_says_what_it_shows(tmp_path):
    table, picture = write(tmp_path, HEAD + ROWS)
    assert main(["compare", str(table), "-o", str(picture)]) == 0
    svg = picture.read_text(encoding="utf-8")
    words = ET.fromstring(svg).get("aria-label", "")
    assert "startup container, hot: 6.50 ms and 7.10 ms, ratio 1.09 [1.01, 1.2], more" in words
    assert "memory 4 x uml: 80.0 MiB and 79.0 MiB" in words
    assert "machine aaaaaaaa" in words
    assert "<!-- B divided by A [1], log scale -->" in svg


@pytest.mark.parametrize(
    ("text", "sides", "complaint"),
    [
        (HEAD, SIDES, "has a header but no rows"),
        (HEAD + ROWS, SIDES[:1], "does not tell of two sides"),
        (HEAD.replace("ratio_low", "low") + ROWS, SIDES, "column 'ratio_low' is missing"),
    ],
)
def test_a_table_that_says_too_little_is_refused(tmp_path, capsys, text, sides, complaint):
    table, picture = write(tmp_path, text, sides)
    assert main(["compare", str(table), "-o", str(picture)]) == 2
    assert complaint in capsys.readouterr().err
    assert not picture.exists()
