"""Size is measured, not felt: a function has at most 40 lines of body, a file at most 300."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
BODY_LINES, FILE_LINES = 40, 300  # the docstring of a function is free
TOPS = ("realrun", "sim", "notebooks", "tests", "tools")
SOURCES = sorted(p for top in TOPS for p in ROOT.glob(f"{top}/**/*.py"))
Function = ast.FunctionDef | ast.AsyncFunctionDef


def first_statement(function: Function) -> ast.stmt:
    """Where the work begins: after the docstring, if there is one and it is not all."""
    return function.body[ast.get_docstring(function) is not None and len(function.body) > 1]


def body_lines(function: Function) -> int:
    """Lines from the first statement of the body to the last, both included."""
    end = function.end_lineno
    assert end is not None
    return end - first_statement(function).lineno + 1


def over_budget(source: str) -> list[str]:
    """What has grown past the budget in this source, by name and size."""
    functions = [n for n in ast.walk(ast.parse(source)) if isinstance(n, Function)]
    long = [f"{f.name}: {body_lines(f)} lines" for f in functions if body_lines(f) > BODY_LINES]
    lines = source.count("\n")
    return long + ([f"the file: {lines} lines"] if lines > FILE_LINES else [])


@pytest.mark.parametrize("path", SOURCES, ids=lambda p: str(p.relative_to(ROOT)))
def test_nothing_is_over_budget(path):
    assert over_budget(path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(("body", "excess"), [(BODY_LINES, []), (BODY_LINES + 1, ["f: 41 lines"])])
def test_the_measure_counts_the_body_and_not_the_docstring(body, excess):
    source = 'def f():\n    """One.\n\n    Two.\n    """\n' + "    pass\n" * body
    assert over_budget(source) == excess


def test_the_measure_sees_a_long_file():
    assert over_budget("\n" * (FILE_LINES + 1)) == ["the file: 301 lines"]
