"""The student edition: every lesson without its solutions, and the sources for nbgrader."""

from __future__ import annotations

from copy import deepcopy
from pathlib import Path

from course.cells import KIND, SOLUTION, Cell, Notebook, answered, lessons, read, tags, write
from course.language import say, speak

KEPT = ("tags", "jupyter", "nbgrader")  # of a cell's metadata; nothing else is handed out


def for_students(notebook: Notebook) -> Notebook:
    """The same lesson with solutions, results and all metadata of its own cut out.

    A comment in the language in use stands where the solution was.
    """
    here = f"# {say('your answer')}"
    new = deepcopy(notebook)
    for cell in new["cells"]:
        cell["metadata"] = {key: cell["metadata"][key] for key in KEPT if key in cell["metadata"]}
        if cell["cell_type"] == "code":
            cell.update(source=answered(cell["source"], here).rstrip("\n"), outputs=[])
            cell["execution_count"] = None
    return new


def for_nbgrader(notebook: Notebook) -> Notebook:
    """The same lesson with nbgrader's metadata: exercises to fill in; checks, a point each."""
    new = deepcopy(notebook)
    seen: dict[str, int] = {}
    for cell in new["cells"]:
        for tag in tags(cell):
            if cell["cell_type"] == "code" and (found := KIND.fullmatch(tag)):
                seen[tag] = seen.get(tag, 0) + 1
                name = tag if seen[tag] == 1 else f"{tag}-{seen[tag]}"
                _mark(cell, name, found["kind"])
    return new


def _mark(cell: Cell, name: str, kind: str) -> None:
    """nbgrader's schema 3: https://nbgrader.readthedocs.io/en/stable/contributor_guide/metadata.html"""
    is_check = kind == "check"
    if is_check or SOLUTION.search(cell["source"]):
        cell["metadata"]["nbgrader"] = {
            "grade": is_check,
            "grade_id": name,
            "locked": is_check,
            "schema_version": 3,
            "solution": not is_check,
            "task": False,
            **({"points": 1} if is_check else {}),
        }


def write_editions(out: Path, language: str) -> list[Path]:
    """Write `student/NAME.ipynb` and `nbgrader/source/lesson-NN/NAME.ipynb` below `out`."""
    speak(language)
    written = []
    for path in lessons(language):
        notebook = for_nbgrader(read(path))
        source = out / "nbgrader" / "source" / f"lesson-{path.name[:2]}" / path.name
        write(source, notebook)
        write(out / "student" / path.name, for_students(notebook))
        written += [source, out / "student" / path.name]
    return written
