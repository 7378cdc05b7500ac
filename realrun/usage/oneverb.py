"""Declaring one verb only: the options of all the others cost every command several ms.

Source: argparse, "Sub-commands": the `action` of `add_subparsers`.
"""

from __future__ import annotations

import argparse
from typing import Any


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
        return super().add_parser(name, **more)
