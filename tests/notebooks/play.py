"""Play one lesson as somebody, and say in JSON what a reader would have seen.

    python -m tests.notebooks.play NOTEBOOK WORK [WRONG.toml]

With wrong answers: after each exercise the student's empty cell and each wrong answer is put in
place of the solution, and the solution again. It is a program, so that another user can run it.
"""

from __future__ import annotations

import json
import sys
import time
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from course.cells import Cell, Notebook, answered, code, names, read, solution, tagged, tags
from course.player import Play, complaints, kernel

EMPTY = ""
CARD_MISTAKES = 3  # of each problem, here; tests/notebooks/test_cards.py tries all


class Trial(NamedTuple):
    """An answer that is not the solution, and what became of it.

    `exercise`: complaints of the exercise's own cells, which should have none. `error`: what ended
    its checks, `NotYet` if they refused; "" if they accepted. `said`: the hint.
    """

    name: str
    answer: str
    exercise: list[str]
    error: str
    said: str


def wrong_answers(notebook: Notebook, name: str, listed: dict[str, Any]) -> list[str]:
    """What is put in place of the solution: those listed; of a card's problem its own mistakes."""
    if not name.startswith("M"):
        return list(listed.get(f"exercise-{name}", {}).get("wrong", []))
    right = next(
        filter(None, (solution(c["source"]) for c in tagged(notebook, f"exercise-{name}")))
    )
    return [right.replace(".solve()", f".mistakes()[{n}][0]") for n in range(CARD_MISTAKES)]


def try_out(play: Play, notebook: Notebook, name: str, answer: str) -> Trial:
    """Put `answer` in place of the solution, and have it checked."""
    for cell in tagged(notebook, f"exercise-{name}"):
        if said := complaints(play(answered(cell["source"], answer))):
            return Trial(name, answer, said, "", "")
    for cell in tagged(notebook, f"check-{name}"):
        errors = [out for out in play(cell["source"]) if out["output_type"] == "error"]
        if errors:
            return Trial(name, answer, [], errors[0]["ename"], errors[0]["evalue"])
    return Trial(name, answer, [], "", "")


def trials(
    play: Play, notebook: Notebook, name: str, listed: dict[str, Any]
) -> Iterator[Trial | list[str]]:
    """Each trial of one exercise; at the end the complaints about the solution, put back."""
    for answer in (EMPTY, *wrong_answers(notebook, name, listed)):
        yield try_out(play, notebook, name, answer)
    cells = [*tagged(notebook, f"exercise-{name}"), *tagged(notebook, f"check-{name}")]
    yield [said for cell in cells for said in complaints(play(cell["source"]))]


def finished(notebook: Notebook, cell: Cell) -> list[str]:
    """The exercises whose last check this cell is."""
    checks = {name: tagged(notebook, f"check-{name}") for name in names(notebook, "check")}
    return [
        name
        for name, cells in checks.items()
        if f"check-{name}" in tags(cell) and cells[-1] is cell
    ]


def play_lesson(path: Path, work: Path, wrong: Path | None) -> dict[str, Any]:
    """Play it from the first cell to the last."""
    notebook, began = read(path), time.monotonic()
    listed = tomllib.loads(wrong.read_text("utf-8")) if wrong and wrong.exists() else {}
    said: dict[str, list[str]] = {}
    tried: list[dict[str, Any]] = []
    with kernel(work) as play:
        for cell in code(notebook):
            said[cell["id"]] = complaints(play(cell["source"]))
            for name in finished(notebook, cell) if wrong else ():
                *each, again = trials(play, notebook, name, listed)
                said[cell["id"]] += again
                tried += [trial._asdict() for trial in each]
    seconds = round(time.monotonic() - began, 1)
    complained = {cell: lines for cell, lines in said.items() if lines}
    return {"complaints": complained, "trials": tried, "seconds": seconds}


if __name__ == "__main__":
    notebook, work, *wrong = map(Path, sys.argv[1:])
    print(json.dumps(play_lesson(notebook, work, wrong[0] if wrong else None)))
