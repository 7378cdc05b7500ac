"""What one machine, which can run everything, printed in each lesson: `lesson-01.json` and so on.

`make recordings` writes them anew, by running every lesson with `COURSE_RECORD=FOLDER`.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any, NamedTuple

HERE = Path(__file__).parent


class Recording(NamedTuple):
    """The recording of one lesson: about which machine and day, and what was seen, by name."""

    about: str
    seen: dict[str, Any]

    @classmethod
    def of(cls, number: int, folder: Path = HERE) -> Recording:
        """Read that of a lesson; an empty one where none was made yet."""
        path = folder / f"lesson-{number:02}.json"
        return (
            cls(**json.loads(path.read_text("utf-8")))
            if path.exists()
            else cls("no machine yet", {})
        )


def record(number: int, name: str, found: Any) -> None:
    """Keep what was found, if a recording is being made (`COURSE_RECORD` names its folder)."""
    folder = os.environ.get("COURSE_RECORD")
    if not folder:
        return
    old = Recording.of(number, Path(folder))
    new = Recording(about_here(), {**old.seen, name: found})
    text = json.dumps(new._asdict(), indent=1, ensure_ascii=False)
    Path(folder, f"lesson-{number:02}.json").write_text(text + "\n", "utf-8")


def about_here() -> str:
    """This machine and day in one line."""
    from datetime import UTC, datetime

    from realrun.measure.environment import machine_id

    release, cores = os.uname().release, os.cpu_count()
    return f"machine {machine_id()}: {cores} cores, Linux {release}, {datetime.now(UTC):%Y-%m-%d}"
