"""One instruction's text while it is read: its flags, and the rest in the forms that there are.

Source: Dockerfile reference, "Shell and exec form".
"""

from __future__ import annotations

from realrun.build import words
from realrun.build.heredocs import Heredoc
from realrun.build.instructions import Command, Place


class Part:
    """What one instruction's parser gets to see; `flags` are taken out one by one."""

    def __init__(
        self, at: Place, rest: str, escape: str, heredocs: tuple[Heredoc, ...] = ()
    ) -> None:
        self.at, self.escape, self.heredocs = at, escape, heredocs
        self.flags, self.rest = words.flags_first(rest, escape)

    def flag(self, name: str, default: str = "") -> str:
        """The value of a flag that may come once."""
        values = self.flags.pop(name, [])
        if len(values) > 1:
            raise words.WordError(f"--{name} is given {len(values)} times")
        if values and not values[0]:
            raise words.WordError(f"--{name} needs a value: --{name}=...")
        return values[0] if values else default

    def boolean(self, name: str) -> bool | None:
        """A flag that is there, or true, or false; None if it is not given."""
        values = self.flags.pop(name, [])
        if len(values) > 1 or any(value.lower() not in ("", "true", "false") for value in values):
            raise words.WordError(f"--{name} is true or false, and given once")
        return values[0].lower() != "false" if values else None

    def command(self) -> Command:
        """Exec form if it is a JSON list, shell form otherwise."""
        listed = words.json_list(self.rest)
        if listed is not None:
            return Command(tuple(listed), shell=False)
        return Command((self.rest,) if self.rest else (), shell=True)

    def items(self) -> list[str]:
        """A JSON list, or words between blanks."""
        listed = words.json_list(self.rest)
        return self.rest.split() if listed is None else listed
