"""Declaring one verb only, and what a wrong call is told.

The options of all the other verbs cost every command several ms.

Source: argparse, "Sub-commands": the `action` of `add_subparsers`.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from typing import Any, NoReturn

FAILED, ENGINE_ERROR = 1, 125
ALIKE = 0.7  # of two words, from 0 to 1, for one to be taken for the other


class Unasked:
    """The parser of a verb that was not asked for: whatever is declared for it is dropped."""

    prog = ""

    def __getattr__(self, _: str) -> Any:
        return self._drop

    def _drop(self, *_: object, **__: object) -> Unasked:
        return self


class OneVerb(argparse._SubParsersAction):
    """All verbs, unless `asked` names one of them."""

    asked: str | None = None

    def add_parser(self, name: str, **more: Any) -> Any:
        if self.asked not in (None, name, *more.get("aliases", ())):
            return Unasked()
        does = more["help"]
        return super().add_parser(name, description=f"{does[0].upper()}{does[1:]}.", **more)


class Parser(argparse.ArgumentParser):
    """A wrong call is one line, with Docker's exit codes: 125 for a wrong option, else 1."""

    def __init__(self, **more: Any) -> None:
        super().__init__(**more)
        self.register("action", "parsers", OneVerb)

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        """What is left over is said by the verb that does not know it."""
        told, left = super().parse_known_args(args, namespace)
        if left:
            self.error(f"unrecognized arguments: {' '.join(left)}")
        return told, left

    def _check_value(self, action: argparse.Action, value: Any) -> None:
        if isinstance(action, OneVerb) and value not in action.choices:
            self.error(
                f"no {str(action.metavar).lower()} {value!r}{nearest(value, action.choices)}"
            )
        super()._check_value(action, value)

    def error(self, message: str) -> NoReturn:
        about_option = message.startswith(("argument -", "unrecognized arguments: -"))
        code = ENGINE_ERROR if about_option else FAILED
        self.exit(code, f"{self.prog}: {message}; see `{self.prog} --help`\n")


def nearest(word: str, known: Iterable[str]) -> str:
    """A guess at what was meant, or nothing.

    >>> nearest("biuld", ["build", "run"]), nearest("pull", ["kill"])
    (", perhaps 'build'", '')
    """
    from difflib import get_close_matches  # takes longer to import than all of this module

    return "".join(f", perhaps {one!r}" for one in get_close_matches(word, known, 1, ALIKE))
