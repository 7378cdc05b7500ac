"""Lessons as files: where they are, what their cells are for, what stands between the marks."""

from __future__ import annotations

import json
import re
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from course.language import ENGLISH

Notebook = dict[str, Any]  # as nbformat 4 has it, read from JSON
Cell = dict[str, Any]
FOLDER = Path(__file__).resolve().parents[1]
SOLUTION = re.compile(
    r"^(?P<indent>[ \t]*)### BEGIN SOLUTION[ \t]*\n(?P<text>.*?)"
    r"^[ \t]*### END SOLUTION[ \t]*(?:\n|\Z)",
    flags=re.DOTALL | re.MULTILINE,
)
KIND = re.compile(r"(?P<kind>exercise|check|card)-(?P<name>M?\d+)")


def lessons(language: str = ENGLISH, folder: Path = FOLDER) -> list[Path]:
    """The notebooks of one edition, in order; `01-what-is-docker.ipynb` is lesson 1."""
    place = folder if language == ENGLISH else folder / language
    return sorted(place.glob("[0-9][0-9]-*.ipynb"))


def number_of(path: Path) -> int:
    """The lesson's number."""
    return int(path.name[:2])


def read(path: Path) -> Notebook:
    """A notebook, with the source of each cell as one text."""
    notebook: Notebook = json.loads(path.read_text("utf-8"))
    for cell in notebook["cells"]:
        cell["source"] = "".join(cell["source"])
    return notebook


def write(path: Path, notebook: Notebook) -> None:
    """Write it as Jupyter does: sources as lists of lines, one space of indent."""
    cells = [{**cell, "source": cell["source"].splitlines(True)} for cell in notebook["cells"]]
    text = json.dumps({**notebook, "cells": cells}, indent=1, ensure_ascii=False)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text + "\n", "utf-8")


def tags(cell: Cell) -> list[str]:
    """The cell's tags."""
    found: list[str] = cell["metadata"].get("tags", [])
    return found


def code(notebook: Notebook) -> list[Cell]:
    """The code cells, in order."""
    return [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]


def tagged(notebook: Notebook, tag: str) -> list[Cell]:
    """The cells with this tag, in order."""
    return [cell for cell in notebook["cells"] if tag in tags(cell)]


def names(notebook: Notebook, kind: str) -> list[str]:
    """What there is of a kind (exercise, check, card), in order: `["1", "2", "M8"]`."""
    return list(dict.fromkeys(_names(notebook, kind)))


def _names(notebook: Notebook, kind: str) -> Iterator[str]:
    for cell in notebook["cells"]:
        for tag in tags(cell):
            if (found := KIND.fullmatch(tag)) and found["kind"] == kind:
                yield found["name"]


def solution(source: str) -> str | None:
    """What stands between the marks, without its indentation; None if there are no marks."""
    found = SOLUTION.search(source)
    return textwrap.dedent(found["text"]) if found else None


def answered(source: str, answer: str) -> str:
    """The cell with `answer` in place of marks and solution; "" leaves what a student gets.

    >>> answered("a = None\\n### BEGIN SOLUTION\\na = 2\\n### END SOLUTION\\nprint(a)", "a = 3")
    'a = None\\na = 3\\nprint(a)'
    """

    def put(found: re.Match[str]) -> str:
        return textwrap.indent(f"{answer}\n", found["indent"]) if answer else ""

    return SOLUTION.sub(put, source)
