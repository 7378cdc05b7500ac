"""What a template is made of: small functions that write or give a value.

Each takes the run (its variables, its output) and the dot.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from realrun.console import gowords
from realrun.console.gowords import Struct, TemplateError, shown, truth


class Run:
    """One execution: the output so far, and the variables, the newest last."""

    def __init__(self, functions: Mapping[str, Any], data: Any) -> None:
        self.functions = functions
        self.out: list[str] = []
        self.variables: list[tuple[str, Any]] = [("$", data)]


class Leave(Exception):
    """`break` or `continue`, on its way to the `range` around it."""


Thunk = Callable[[], Any]
Node = Callable[[Run, Any], None]
Expression = Callable[[Run, Any], Any]
Operand = Callable[[Run, Any, Sequence[Thunk]], Any]  # with what stands behind it


def perform(nodes: Sequence[Node], run: Run, dot: Any) -> None:
    """One after the other; their variables are gone afterwards."""
    before = len(run.variables)
    try:
        for node in nodes:
            node(run, dot)
    finally:
        del run.variables[before:]


def write(text: str) -> Node:
    """Text as it is."""
    return lambda run, dot: run.out.append(text)


def leave(word: str) -> Node:
    """break, continue."""

    def node(run: Run, dot: Any) -> None:
        raise Leave(word)

    return node


def show(value: Expression) -> Node:
    """Write a value."""

    def node(run: Run, dot: Any) -> None:
        run.out.append(shown(value(run, dot)))

    return node


def remember(name: str, value: Expression, new: bool) -> Node:
    """`$name := value`, or with = a new value for an old name."""

    def node(run: Run, dot: Any) -> None:
        found = value(run, dot)
        place = len(run.variables) if new else place_of(run, name)
        run.variables[place : place + 1] = [(name, found)]

    return node


def place_of(run: Run, name: str) -> int:
    """Where the newest variable of that name is."""
    for place in reversed(range(len(run.variables))):
        if run.variables[place][0] == name:
            return place
    raise TemplateError(f"there is no variable {name}")


def choice(
    head: str, names: Sequence[str], value: Expression, body: Sequence[Node], other: Sequence[Node]
) -> Node:
    """if; with, whose body has the value as its dot."""

    def node(run: Run, dot: Any) -> None:
        found, before = value(run, dot), len(run.variables)
        run.variables += [(name, found) for name in names]
        if truth(found):
            perform(body, run, found if head == "with" else dot)
        else:
            perform(other, run, dot)
        del run.variables[before:]

    return node


def loop(
    head: str, names: Sequence[str], value: Expression, body: Sequence[Node], other: Sequence[Node]
) -> Node:
    """range: over a list, a map in the order of its keys, or the numbers below one."""

    def node(run: Run, dot: Any) -> None:
        before, empty = len(run.variables), True
        for pair in pairs(value(run, dot)):
            empty = False
            run.variables += zip(names, pair[-len(names) :] if names else (), strict=True)
            try:
                perform(body, run, pair[1])
            except Leave as word:
                if str(word) == "break":
                    break
            finally:
                del run.variables[before:]
        if empty:
            perform(other, run, dot)

    return node


def pairs(value: Any) -> Iterator[tuple[Any, Any]]:
    """Index and item, or key and value."""
    if isinstance(value, Mapping) and not isinstance(value, Struct):
        return iter(sorted(value.items()))
    if isinstance(value, int) and not isinstance(value, bool):
        return enumerate(range(value))
    if value is None or isinstance(value, list | tuple):
        return enumerate(value or ())
    raise TemplateError(f"range cannot go over {shown(value)!r:.60}")


def command(operands: Sequence[Operand], before: Expression | None) -> Expression:
    """The first is called with the others, and last with what the pipeline `before` it gave."""
    first, *others = operands

    def run_one(run: Run, dot: Any) -> Any:
        given: list[Thunk] = [lambda one=one: one(run, dot, ()) for one in others]  # type: ignore[misc]
        if before:
            given.append(lambda: before(run, dot))
        return first(run, dot, given)

    return run_one


def constant(value: Any) -> Operand:
    """A value that stands in the template."""
    return lambda run, dot, given: plain(value, given)


def plain(value: Any, given: Sequence[Thunk]) -> Any:
    """A value that is no function."""
    if given:
        raise TemplateError(f"{shown(value)!r:.60} is no function: it takes nothing behind it")
    return value


def chain(start: Operand, names: Sequence[str]) -> Operand:
    """`.A.B` of something; behind a method stands what it is called with."""

    def operand(run: Run, dot: Any, given: Sequence[Thunk]) -> Any:
        value = start(run, dot, ())
        for name in names[:-1]:
            value = member(value, name, ())
        return member(value, names[-1], given)

    return operand if names else start


def member(value: Any, name: str, given: Sequence[Thunk]) -> Any:
    """One field, or what a method answers."""
    if not isinstance(value, Mapping):
        raise TemplateError(f".{name}: {shown(value)!r:.60} has no fields")
    found = value.get(name, gowords.MISSING)
    if isinstance(value, Struct) and name not in value:
        if name not in value.absent:
            raise TemplateError(f".{name}: there is no such field; there are {', '.join(value)}")
        found = value.absent[name]
    if callable(found):
        return gowords.call(f".{name}", found, (str,), [one() for one in given])
    return plain(found, given)


def variable(name: str) -> Operand:
    """The newest of that name."""
    return lambda run, dot, given: plain(run.variables[place_of(run, name)][1], given)


def function(name: str) -> Operand:
    """A function by name; `and` and `or` look at no more than they must."""

    def operand(run: Run, dot: Any, given: Sequence[Thunk]) -> Any:
        if name in gowords.LAZY:
            return first_that_decides(name, given)
        called, kinds = run.functions[name]
        return gowords.call(name, called, kinds, [one() for one in given])

    return operand


def first_that_decides(name: str, given: Sequence[Thunk]) -> Any:
    """`and` gives the first that is empty, `or` the first that is not; else the last."""
    if not given:
        raise TemplateError(f"{name} takes 1 or more values; got 0")
    value = None
    for one in given:
        value = one()
        if truth(value) == (name == "or"):
            break
    return value
