"""What the checks of a lesson say, by their source: a catalogue has to have it all."""

from __future__ import annotations

import ast
import re

from course.cells import Notebook, code


def sentences(notebook: Notebook) -> list[str]:
    """Every hint that is written into a call of `check`, as the catalogue has it.

    Where values come in stands `{so}`. Hints that are put together before the call are not here;
    a catalogue has the texts that they are made of.
    """
    calls = [node for node in _nodes(notebook) if isinstance(node, ast.Call)]
    checks = [call for call in calls if getattr(call.func, "id", "") == "check"]
    hints = [_written(call.args[1]) for call in checks if len(call.args) > 1]
    return list(dict.fromkeys(hint for hint in hints if hint is not None))


def texts(notebook: Notebook) -> set[str]:
    """Every text in a lesson's code: what a catalogue may have, and nothing else."""
    return {text for text in map(_written, _nodes(notebook)) if text is not None}


def _nodes(notebook: Notebook) -> list[ast.AST]:
    return [node for cell in code(notebook) for node in ast.walk(ast.parse(cell["source"]))]


def _written(node: ast.AST) -> str | None:
    """A text, or one with values as `{expressions}`; None of anything else, and of values alone."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if not isinstance(node, ast.JoinedStr):
        return None
    words = "".join(str(part.value) for part in node.values if isinstance(part, ast.Constant))
    pieces = [_piece(part) for part in node.values]
    return "".join(pieces) if re.search(r"\w", words) else None


def _piece(part: ast.expr) -> str:
    """One part of an f-string: its words, or `{expression}` without the format."""
    if isinstance(part, ast.FormattedValue):
        return f"{{{ast.unparse(part.value)}}}"
    return str(part.value) if isinstance(part, ast.Constant) else ""
