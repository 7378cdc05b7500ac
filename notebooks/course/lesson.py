"""A lesson on this machine: what can be run here is run, for the rest there is a recording."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from course.language import ENGLISH, say, speak
from course.recordings import Recording, record
from sim.language import speak as charts_speak

ISOLATIONS = ("process", "container", "uml", "qemu")


class Lesson:
    """Lesson `number`: what this machine can do, and what another machine printed where it cannot.

    Attributes:
        why_not: for each isolation why it cannot be had here; "" if it can.
        seen: whatever the lesson has printed or counted so far, by name.
        home: the project's folder, the one that holds `data/`, `examples/` and `notebooks/`.
    """

    def __init__(self, number: int, language: str = ENGLISH) -> None:
        speak(language, number)
        charts_speak(language)
        self.number = number
        self.home = Path(__file__).resolve().parents[2]
        self.why_not = what_runs_here()
        self.seen: dict[str, Any] = {}
        self.recording = Recording.of(number)

    def machine(self) -> None:
        """Print what can be run here, and what will be shown from the recording, and why."""
        for name, reason in self.why_not.items():
            can = say("recorded only: {reason}", reason=reason) if reason else say("can run here")
            print(f"{name:<10}", can)
        if self.recording.seen and any(self.why_not.values()):
            print(say("Recordings are from {machine}", machine=self.recording.about))

    def here(self, *isolations: str) -> bool:
        """Whether all of these isolations can be had here."""
        return not any(self.why_not[name] for name in isolations)

    def see(self, name: str, look: Callable[[], Any], needs: Iterable[str] = ("container",)) -> Any:
        """What `look()` finds here; where this machine lacks what it `needs`, what another found.

        The line above it says which of the two it is. `look` returns text, numbers, or lists and
        dictionaries of them (what JSON can hold).

        Raises:
            KeyError: if it cannot be had here and there is no recording by that name.
        """
        asked, found = tuple(needs), None
        if self.here(*asked):
            print(say("[seen here: {isolations}]", isolations=", ".join(asked)))
            found = self._looked(name, look, asked)
        if not self.here(*asked):  # not from the beginning, or not since a guest failed
            reason = next(filter(None, (self.why_not[isolation] for isolation in asked)))
            print(say("[recorded on another machine; here: {reason}]", reason=reason))
            found = self.recording.seen[name]
        self.seen[name] = found
        return found

    def _looked(self, name: str, look: Callable[[], Any], needs: tuple[str, ...]) -> Any:
        """What is found here. A guest that does not boot cannot be had here from now on."""
        from realrun.errors import GuestFailed

        try:
            found = json.loads(json.dumps(look()))  # of the same kind as out of a recording
        except GuestFailed as error:
            self.why_not[needs[-1]] = str(error)
            return None
        record(self.number, name, found)
        return found

    def show(
        self, name: str, image: str, *words: str, isolation: str = "container", **wishes: Any
    ) -> str:
        """Run `image` here and print its output, or print what it printed on another machine."""

        def look() -> str:
            from realrun import run

            return run(image, *words, isolation=isolation, **wishes).output.strip()

        text = self.see(name, look, needs=(isolation,))
        print(text)
        return text


def what_runs_here() -> dict[str, str]:
    """For each isolation why it cannot be had here, or "".

    `COURSE_WITHOUT`, names with commas between them, takes isolations away: to see a lesson as a
    machine shows it that cannot run them.
    """
    found = dict.fromkeys(ISOLATIONS, say("the engine needs Linux"))
    if sys.platform == "linux":
        from realrun import isolations

        found = isolations()
    for name in filter(None, os.environ.get("COURSE_WITHOUT", "").split(",")):
        found[name] = "taken away by COURSE_WITHOUT"
    return found
