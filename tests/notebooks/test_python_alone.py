"""Every lesson runs where there is nothing but Python, and each check refuses what it should.

An ordinary user who gets no user namespace: no isolation can be had, so everything is recorded.
The Korean edition, which has the same code, is tried here as well: one lesson a day, or all of them
with `COURSE_TESTS=all`.
"""

from __future__ import annotations

import re
import subprocess
import sys

import pytest
from course.cells import lessons

from tests.notebooks.conditions import its_turn, machine

IN_KOREAN = re.compile(r"[^A-Za-z]*힌트: .*[가-힣].*", flags=re.DOTALL)
QUOTED = re.compile(r"'[^']*'|`[^`]*`")
IN_ENGLISH = re.compile(r"(?:\b[a-z]+ ){3}")  # three words of it in a row are a sentence
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def locked_laptop():
    with machine(ordinary=True, namespaces=False) as one:
        yield one


@pytest.mark.parametrize("path", lessons(), ids=lambda p: p.stem)
def test_it_runs_and_its_checks_refuse_what_is_wrong(path, locked_laptop):
    found = locked_laptop.play(path, wrong=True)
    assert found["complaints"] == {}
    trials = found["trials"]
    assert [trial for trial in trials if trial["exercise"]] == []
    assert [
        trial for trial in trials if trial["error"] != "NotYet" or "Hint" not in trial["said"]
    ] == []


@pytest.mark.parametrize("path", lessons("ko"), ids=lambda p: p.stem)
def test_it_runs_in_korean_and_its_checks_hint_in_korean(path, locked_laptop):
    its_turn(path, lessons("ko"), days=len(lessons("ko")))
    found = locked_laptop.play(path, wrong=True)
    assert found["complaints"] == {}
    hints = [trial["said"] for trial in found["trials"]]
    assert [hint for hint in hints if not IN_KOREAN.fullmatch(hint)] == []
    assert [hint for hint in hints if IN_ENGLISH.search(QUOTED.sub("", hint))] == []


def test_nothing_can_be_run_there(locked_laptop):
    """Or the lessons above were shown on another machine than they say."""
    code = "from course.lesson import what_runs_here; print(*what_runs_here().values(), sep='\\n')"
    words = [*locked_laptop.become, sys.executable, "-c", code]
    env = {"REALRUN_ROOT": str(locked_laptop.home / "root"), "HOME": str(locked_laptop.home)}
    done = subprocess.run(words, capture_output=True, text=True, check=True, cwd="/", env=env)
    assert all(done.stdout.splitlines())
