"""How a lesson is written: committed clean, in small cells, every exercise with its checks."""

from __future__ import annotations

import ast
import re
import tomllib
from collections import Counter

import nbformat
import pytest
from course.cards import CARDS
from course.cells import KIND, code, lessons, names, number_of, read, solution, tagged, tags
from course.student import for_students

from tests.notebooks.conditions import WRONG

LINES = 25
ALL = 8
NOTEBOOKS = [*lessons(), *lessons("ko")]
each_notebook = pytest.mark.parametrize(
    "path", NOTEBOOKS, ids=lambda p: f"{p.parent.name}/{p.stem}"
)
each_lesson = pytest.mark.parametrize("path", lessons(), ids=lambda p: p.stem)


def test_there_is_a_course():
    assert lessons() != []
    assert len({number_of(path) for path in lessons()}) == len(lessons())


@each_notebook
def test_it_is_valid_and_committed_without_its_results(path):
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    ran = [c.id for c in code(notebook) if c.outputs or c.execution_count is not None]
    assert ran == []


@each_notebook
def test_no_cell_is_long(path):
    sizes = {cell["id"]: cell["source"].count("\n") + 1 for cell in read(path)["cells"]}
    assert {name: size for name, size in sizes.items() if size > LINES} == {}


@each_notebook
def test_it_begins_with_what_the_machine_can_do(path):
    sources = [cell["source"] for cell in code(read(path))]
    said = re.search(r"^lesson = Lesson\((\d+)", sources[0], flags=re.MULTILINE)
    assert said, "the first code cell makes the lesson"
    assert int(said[1]) == number_of(path)
    uses = [
        line for source in sources for line in source.splitlines() if re.search(r"\blesson\.", line)
    ]
    assert uses[0] == "lesson.machine()"


@each_lesson
def test_it_says_what_for_and_what_next(path):
    headings = [cell["source"].split("\n")[0] for cell in read(path)["cells"]]
    for wanted in ("## .*you will be able to", "## Summary", "## What to read next"):
        assert any(re.match(wanted, line, flags=re.IGNORECASE) for line in headings), wanted


@each_notebook
def test_its_tags_mean_something(path):
    used = {tag for cell in read(path)["cells"] for tag in tags(cell)}
    ours = {tag for tag in used if tag.startswith(("exercise", "check", "card"))}
    assert {tag for tag in ours if not KIND.fullmatch(tag)} == set()


@each_notebook
def test_every_exercise_has_one_solution_and_checks(path):
    notebook = read(path)
    assert sorted(names(notebook, "exercise")) == sorted(names(notebook, "check"))
    places = {cell["id"]: at for at, cell in enumerate(notebook["cells"])}
    for name in names(notebook, "exercise"):
        cells = [c for c in tagged(notebook, f"exercise-{name}") if c["cell_type"] == "code"]
        checks = tagged(notebook, f"check-{name}")
        assert sum(solution(cell["source"]) is not None for cell in cells) == 1, name
        assert any(re.search(r"\bcheck\(", cell["source"]) for cell in checks), name
        assert places[cells[-1]["id"]] < places[checks[0]["id"]], name
    marked = [c["id"] for c in code(notebook) if solution(c["source"]) is not None]
    assert len(marked) == len(names(notebook, "exercise")), "marks, and no tag exercise-N"


@each_notebook
def test_what_students_get_can_be_run_as_it_is(path):
    notebook = for_students(read(path))
    for cell in code(notebook):
        ast.parse(cell["source"])
    assert "SOLUTION" not in str(notebook)


@each_lesson
def test_every_exercise_has_three_wrong_answers(path):
    file = WRONG / f"lesson-{path.name[:2]}.toml"
    listed = tomllib.loads(file.read_text("utf-8")) if file.exists() else {}
    exercises = [name for name in names(read(path), "exercise") if not name.startswith("M")]
    assert sorted(listed) == sorted(f"exercise-{name}" for name in exercises)
    assert [name for name, table in listed.items() if len(set(table["wrong"])) < 3] == []


@each_notebook
def test_a_card_has_its_belief_its_experiment_and_its_problem(path):
    notebook = read(path)
    assert set(names(notebook, "card")) <= set(CARDS)
    for name in names(notebook, "card"):
        text, *rest = tagged(notebook, f"card-{name}")
        assert re.match(rf"### .*{name}\. \S", text["source"]), name
        assert [c for c in rest if c["cell_type"] == "code"], f"{name} has nothing to run"
        asked = [c["source"] for c in code(notebook) if f'card("{name}", seed=SEED)' in c["source"]]
        assert len(asked) == 1, name
        assert name in names(notebook, "exercise"), name


def test_every_card_is_in_one_lesson():
    found = Counter(name for path in lessons() for name in names(read(path), "card"))
    assert [name for name, times in found.items() if times > 1] == []
    if len(lessons()) == ALL:
        assert sorted(found) == sorted(CARDS)
