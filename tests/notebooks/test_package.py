"""The package that lessons import: light, and at home where there is no Linux and no engine."""

from __future__ import annotations

import json
import sys

import course
import pytest
from course import lesson
from course.recordings import Recording

from realrun.errors import GuestFailed
from tests.test_arrows import SOURCES, imported, loaded_by, third_party


def test_it_loads_neither_engine_nor_libraries():
    """macOS, Windows and Colab have no engine; SimPy comes with the contract of the tables."""
    names = loaded_by("course")
    assert third_party(names) <= {"course", "simpy"}
    assert "realrun" not in names


def test_nothing_below_leans_on_it():
    users = {
        module
        for module, path in SOURCES.items()
        for name in imported(path.read_text("utf-8"), module, path.stem == "__init__")
        if name.split(".")[0] == "course"
    }
    assert users == set()


@pytest.fixture
def elsewhere(monkeypatch):
    """A machine without any isolation, and a recording of one other look."""
    monkeypatch.setenv("COURSE_WITHOUT", ",".join(lesson.ISOLATIONS))
    one = course.Lesson(1)
    one.recording = Recording("machine 1234", {"answer": [4]})
    return one


def test_what_cannot_be_run_is_shown_from_the_recording_and_said(elsewhere, capsys):
    elsewhere.machine()
    assert elsewhere.see("answer", lambda: pytest.fail("looked")) == [4]
    said = capsys.readouterr().out
    assert said.count("recorded only: taken away by COURSE_WITHOUT") == len(lesson.ISOLATIONS)
    assert "Recordings are from machine 1234" in said
    assert "[recorded on another machine; here: taken away" in said


def test_elsewhere_than_on_linux_the_engine_is_not_even_looked_for(monkeypatch):
    monkeypatch.setattr("sys.platform", "darwin")
    monkeypatch.setitem(sys.modules, "realrun", None)  # whoever imports it gets an ImportError
    assert set(lesson.what_runs_here().values()) == {"the engine needs Linux"}


def test_what_was_never_recorded_is_an_error(elsewhere):
    with pytest.raises(KeyError, match="question"):
        elsewhere.see("question", lambda: 1)


def test_what_is_seen_here_can_be_recorded_and_is_the_same_then(tmp_path, monkeypatch):
    monkeypatch.setenv("COURSE_RECORD", str(tmp_path))
    one = course.Lesson(1)
    assert one.see("pairs", lambda: {1: (2, 3)}, needs=()) == {"1": [2, 3]}
    kept = json.loads((tmp_path / "lesson-01.json").read_text("utf-8"))
    assert kept["seen"] == {"pairs": {"1": [2, 3]}}
    assert kept["about"].startswith("machine ")


def test_a_guest_that_does_not_boot_is_shown_from_the_recording(capsys):
    one = course.Lesson(1)
    one.why_not["uml"], one.recording = "", Recording("machine 1234", {"kernel": "6.1"})

    def boot():
        raise GuestFailed("it hung")

    assert one.see("kernel", boot, needs=("uml",)) == "6.1"
    assert not one.here("uml")
    assert "here: it hung" in capsys.readouterr().out


@pytest.mark.parametrize("right", [None, False, 0, []])
def test_a_check_refuses_with_its_hint(right, capsys):
    with pytest.raises(course.NotYet, match="Hint: count again"):
        course.check(right, "count again")
    assert capsys.readouterr().out == ""
