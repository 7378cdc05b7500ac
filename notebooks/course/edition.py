"""An edition in another language: the same code, and for each text what it was translated from."""

from __future__ import annotations

import hashlib
import re
from copy import deepcopy
from pathlib import Path

from course.cells import FOLDER, Cell, Notebook, read, write

MARK = "translates"  # in a text cell's metadata: the fingerprint of the English text
NOW = "<!-- English now:"  # before English text that still has to be translated
MAKES_LESSON = re.compile(r"\bLesson\((\d+)\)")


def fingerprint(text: str) -> str:
    """Of an English text: its translation carries it, and no longer fits when the text changes."""
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def code_in(language: str, source: str) -> str:
    """The source of a code cell, where a lesson is made: in that language."""
    return MAKES_LESSON.sub(rf'Lesson(\1, language="{language}")', source)


def translated_cell(english: Cell, old: Cell | None, language: str) -> Cell:
    """The cell of the other edition: code as it is, text as it was translated if that still fits.

    Else the English text stands there behind `NOW`, below what there was.
    """
    new = deepcopy(english)
    if english["cell_type"] == "code":
        return {**new, "source": code_in(language, english["source"])}
    mark = fingerprint(english["source"])
    new["metadata"][MARK] = mark
    was = old["source"] if old else ""
    if not old or old["metadata"].get(MARK) != mark:
        before = was.partition(NOW)[0].rstrip()
        was = f"{before}\n\n{NOW}\n{english['source']}\n-->".lstrip()
    return {**new, "source": was}


def in_step(english: Notebook, other: Notebook | None, language: str) -> Notebook:
    """The other edition brought into step with the English one."""
    old = {cell["id"]: cell for cell in other["cells"]} if other else {}
    cells = [translated_cell(cell, old.get(cell["id"]), language) for cell in english["cells"]]
    return {**english, "cells": cells}


def bring_into_step(path: Path, language: str) -> tuple[Path, list[str]]:
    """Make or update the other edition of a lesson: its path, and the texts still to translate."""
    target = FOLDER / language / path.name
    new = in_step(read(path), read(target) if target.exists() else None, language)
    write(target, new)
    return target, [cell["id"] for cell in new["cells"] if NOW in cell["source"]]
