"""Every lesson runs as whoever runs the tests: as root, on a machine that can do everything."""

from __future__ import annotations

import pytest
from course.cells import lessons

from tests.notebooks.conditions import machine

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def ours():
    with machine() as one:
        yield one


@pytest.mark.parametrize("path", lessons(), ids=lambda p: p.stem)
def test_it_runs_without_a_complaint(path, ours):
    assert ours.play(path)["complaints"] == {}
