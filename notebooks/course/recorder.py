"""Recordings of all lessons, made anew on a machine that can run everything."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

from course.cells import code, lessons, read
from course.lesson import what_runs_here
from course.player import complaints, kernel
from course.recordings import HERE


def record_all(numbers: list[str]) -> list[Path]:
    """Play these lessons (all, if none is named); what they show becomes the recordings.

    All or nothing: a lesson that complains leaves the recordings as they were.

    Raises:
        ValueError: if this machine cannot run everything, or a lesson complains.
    """
    if lacking := [f"{name}: {reason}" for name, reason in what_runs_here().items() if reason]:
        raise ValueError("recordings are made where everything can be run; here not " + lacking[0])
    with tempfile.TemporaryDirectory(prefix="course-") as folder:
        os.environ["COURSE_RECORD"] = folder
        for path in lessons():
            if not numbers or path.name[:2] in numbers:
                play_through(path)
        made = sorted(Path(folder).glob("lesson-*.json"))
        return [Path(shutil.copy(path, HERE)) for path in made]


def play_through(path: Path) -> None:
    """Play one lesson in a folder of its own. Raises ValueError with the first complaint."""
    print(path.name, flush=True)
    with tempfile.TemporaryDirectory(prefix="lesson-") as work, kernel(Path(work)) as play:
        for cell in code(read(path)):
            if said := complaints(play(cell["source"])):
                raise ValueError(f"{path.name}, cell {cell['id']}: {said[0]}")
