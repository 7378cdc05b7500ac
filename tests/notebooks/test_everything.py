"""Every lesson runs as whoever runs the tests: as root, on a machine that can do everything.

Half of them one day, the others the next: guests take their time. `COURSE_TESTS=all` runs all. The
lessons that use no isolation are the same there as with Python alone.
"""

from __future__ import annotations

import re

import pytest
from course.cells import code, lessons, read

from tests.notebooks.conditions import its_turn, machine

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def ours():
    with machine() as one:
        yield one


@pytest.mark.parametrize("path", lessons(), ids=lambda p: p.stem)
def test_it_runs_without_a_complaint(path, ours):
    sources = "\n".join(cell["source"] for cell in code(read(path)))
    if not re.search(r"\blesson\.(see|show|here)\(", sources):
        pytest.skip("it uses no isolation: tests/notebooks/test_python_alone.py plays it")
    its_turn(path, lessons(), days=2)
    assert ours.play(path)["complaints"] == {}
