"""What `make student` and `make cards` write, from whatever lessons there are."""

from __future__ import annotations

import nbformat
import pytest
from course import __main__ as command
from course.cells import code, lessons, names, number_of, read, solution, tags
from course.student import KEPT


@pytest.fixture(scope="module")
def out(tmp_path_factory):
    """All of it, written once."""
    folder = tmp_path_factory.mktemp("out")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(command, "OUT", folder)
        for words in (["student"], ["cards", "--seed", "7"]):
            assert command.main(words) == 0
    return folder


@pytest.mark.parametrize("path", lessons(), ids=lambda p: p.stem)
def test_the_student_edition_is_the_lesson_without_solutions(path, out):
    ours, theirs = read(path), read(out / "student" / path.name)
    nbformat.validate(nbformat.read(out / "student" / path.name, as_version=4))
    changed = [
        old["id"]
        for old, new in zip(ours["cells"], theirs["cells"], strict=True)
        if old["source"] != new["source"]
    ]
    assert changed == [c["id"] for c in code(ours) if solution(c["source"]) is not None]
    assert {key for cell in theirs["cells"] for key in cell["metadata"]} <= set(KEPT)
    assert [tags(cell) for cell in theirs["cells"]] == [tags(cell) for cell in ours["cells"]]


@pytest.mark.parametrize("path", lessons(), ids=lambda p: p.stem)
def test_nbgrader_finds_each_exercise_and_each_check_once(path, out):
    source = out / "nbgrader" / "source" / f"lesson-{number_of(path):02}" / path.name
    notebook = read(source)
    marks = [c["metadata"]["nbgrader"] for c in code(notebook) if "nbgrader" in c["metadata"]]
    ids = [mark["grade_id"] for mark in marks]
    assert len(set(ids)) == len(ids)
    assert {f"exercise-{name}" for name in names(notebook, "exercise")} <= set(ids)
    assert {f"check-{name}" for name in names(notebook, "check")} <= set(ids)
    assert all(mark["grade"] != mark["solution"] for mark in marks)


def test_the_hand_out_has_every_card_of_the_lessons(out):
    page = (out / "cards.html").read_text("utf-8")
    found = [name for path in lessons() for name in names(read(path), "card")]
    assert page.count("<section>") == len(found)
    assert "src=" not in page
