"""Arrivals: rates that are kept, days that swing, traces with one line for what is wrong."""

from itertools import pairwise
from statistics import mean

import pytest

from sim.engine.streams import stream
from sim.errors import BadTable
from sim.model.load import daily, poisson, trace


def test_poisson_arrivals_have_exponential_gaps():
    times = list(poisson(stream(1, "a"), per_s=4.0, until_s=5000))
    gaps = [after - before for before, after in pairwise(times)]
    assert mean(gaps) == pytest.approx(0.25, rel=0.03)
    assert mean(gap > 0.25 for gap in gaps) == pytest.approx(0.3679, abs=0.01)


def test_the_day_swings_around_its_mean():
    """Of a day of 1000 s the first quarter has (1/4 - swing / 2 pi) of all: 9.1 % at 1."""
    times = list(daily(stream(2, "a"), 50.0, 1.0, until_s=1000, day_s=1000))
    assert len(times) == pytest.approx(50_000, rel=0.02)
    assert mean(at_s < 250 for at_s in times) == pytest.approx(0.0908, abs=0.006)
    assert times == sorted(times)
    with pytest.raises(ValueError, match=r"swing_ratio must be in \[0, 1\], got 2"):
        next(daily(stream(2, "a"), 1.0, 2.0, until_s=1))


def test_a_trace_is_read(tmp_path):
    path = tmp_path / "trace.csv"
    path.write_text("user,arrival_s\na,0.5\nb,0.5\nc,2\n")
    assert trace(path) == [0.5, 0.5, 2.0]


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("at\n1\n", r"trace.csv: expected a column arrival_s, found \['at'\]"),
        ("arrival_s\n1\nx\n", "trace.csv: line 3: expected a time >= 0 in arrival_s, found 'x'"),
        ("arrival_s\n-1\n", "line 2: expected a time >= 0"),
        ("arrival_s\nnan\n", "line 2: expected a time >= 0"),
        ("arrival_s\n2\n1\n", "line 3: arrival_s falls from 2.0 to 1.0"),
    ],
)
def test_what_is_wrong_with_a_trace_gets_one_line(tmp_path, text, complaint):
    path = tmp_path / "trace.csv"
    path.write_text(text)
    with pytest.raises(BadTable, match=complaint):
        trace(path)


def test_a_missing_trace_is_one_line(tmp_path):
    with pytest.raises(BadTable, match="cannot be read"):
        trace(tmp_path / "no.csv")
