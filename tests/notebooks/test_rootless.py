"""Every lesson runs as an ordinary user, and in the other edition: one of them a day.

`COURSE_TESTS=all` runs all of them, whatever day it is.
"""

from __future__ import annotations

import os
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
from course.cells import lessons

from tests.notebooks.conditions import machine

IN_KOREAN = re.compile(r"[^A-Za-z]*힌트: .*[가-힣].*", flags=re.DOTALL)
pytestmark = [pytest.mark.slow, pytest.mark.userns]


@pytest.fixture(scope="module")
def student():
    with machine(ordinary=True) as one:
        yield one


def its_turn(path: Path, paths: list[Path]) -> None:
    """Skip a lesson whose day it is not."""
    today = paths[datetime.now(UTC).timetuple().tm_yday % len(paths)]
    if path != today and os.environ.get("COURSE_TESTS") != "all":
        pytest.skip(f"today it is {today.name}'s turn; COURSE_TESTS=all runs all")


@pytest.mark.parametrize("path", lessons(), ids=lambda p: p.stem)
def test_it_runs_as_an_ordinary_user(path, student):
    its_turn(path, lessons())
    assert student.play(path)["complaints"] == {}


@pytest.mark.parametrize("path", lessons("ko"), ids=lambda p: p.stem)
def test_the_other_edition_runs(path, student):
    its_turn(path, lessons("ko"))
    found = student.play(path, wrong=True)
    assert found["complaints"] == {}
    assert [trial for trial in found["trials"] if not IN_KOREAN.fullmatch(trial["said"])] == []
