"""Every lesson runs as an ordinary user who gets namespaces: one of them a day.

`COURSE_TESTS=all` runs all of them, whatever day it is.
"""

from __future__ import annotations

import pytest
from course.cells import lessons

from tests.notebooks.conditions import its_turn, machine

pytestmark = [pytest.mark.slow, pytest.mark.userns]


@pytest.fixture(scope="module")
def student():
    with machine(ordinary=True) as one:
        yield one


@pytest.mark.parametrize("path", lessons(), ids=lambda p: p.stem)
def test_it_runs_as_an_ordinary_user(path, student):
    its_turn(path, lessons(), days=len(lessons()))
    assert student.play(path)["complaints"] == {}
