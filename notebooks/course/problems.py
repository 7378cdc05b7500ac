"""A problem with numbers drawn from a seed: question, answer, a hint for each typical mistake."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple, TypeVar

from course.checks import NotYet
from course.language import say

T = TypeVar("T")
Value = float | frozenset[str]  # a number, or the letters of those that were chosen


class Draw:
    """Chance, for one student and one card.

    Made of `random()` alone: its sequence for a seed is the one thing that Python promises to keep
    (https://docs.python.org/3/library/random.html, "Notes on reproducibility").
    """

    def __init__(self, seed: int | str, card: str) -> None:
        self._random = random.Random(f"{card}/{seed}").random

    def whole(self, low: int, high: int, step: int = 1) -> int:
        """One of `low`, `low + step`, ... up to `high`."""
        return low + step * int(self._random() * ((high - low) // step + 1))

    def one(self, things: Sequence[T]) -> T:
        """One of the things."""
        return things[self.whole(0, len(things) - 1)]

    def mixed(self, things: Iterable[T]) -> list[T]:
        """The things in an order of chance (Fisher and Yates)."""
        left = list(things)
        return [left.pop(self.whole(0, len(left) - 1)) for _ in range(len(left))]


class Mistake(NamedTuple):
    """A typical wrong value, and the hint that leads on from it."""

    value: Value
    hint: str


@dataclass(frozen=True)
class Part:
    """One of the numbers that are asked for, or the one choice; what else is wrong gets `hint`.

    `within` is the relative error that is forgiven: none where things are counted.
    """

    answer: Value
    mistakes: tuple[Mistake, ...]
    hint: str
    within: float = 1e-9

    def is_it(self, value: Value, other: Value | None = None) -> bool:
        """Whether `value` is the answer, or else the `other` one given."""
        wanted = self.answer if other is None else other
        if isinstance(value, frozenset) or isinstance(wanted, frozenset):
            return value == wanted
        return math.isclose(value, wanted, rel_tol=self.within, abs_tol=1e-9)

    def hint_for(self, value: Value) -> str:
        """What to tell somebody whose answer this is."""
        return next((m.hint for m in self.mistakes if self.is_it(value, m.value)), self.hint)


def part(answer: Value, hint: str, *mistakes: tuple[Value, str], within: float = 1e-9) -> Part:
    """A part of an answer; a mistake that chance made right, or like an earlier, is left out."""
    found = Part(answer, (), hint, within)
    for value, leads in mistakes:
        if not found.is_it(value) and not any(found.is_it(value, m.value) for m in found.mistakes):
            found = replace(found, mistakes=(*found.mistakes, Mistake(value, leads)))
    return found


class Task(NamedTuple):
    """What a card draws: the question, the values in it, and the parts of its answer."""

    question: str
    values: dict[str, object]
    parts: tuple[Part, ...]


@dataclass(frozen=True)
class Problem:
    """The problem of card `card` for the student whose seed this is."""

    card: str
    seed: int | str
    task: Task = field(repr=False)

    def text(self) -> str:
        """The question, in the language in use."""
        title = say("Card {card}, your numbers (seed {seed})", card=self.card, seed=self.seed)
        return "\n".join((title, "", say(self.task.question, **self.task.values), "", self._how()))

    def _how(self) -> str:
        if isinstance(self.task.parts[0].answer, frozenset):
            return say('Answer with letters, for example "ac".')
        if len(self.task.parts) == 1:
            return say("Answer with one number.")
        return say("Answer with a list of {n} numbers: [1, 2, ...]", n=len(self.task.parts))

    def check(self, answer: object) -> None:
        """Say "right", or give a hint; never the answer.

        Raises:
            NotYet: with the hint.
        """
        parts = self.task.parts
        values = as_values(answer, letters=isinstance(parts[0].answer, frozenset))
        if values is None or len(values) != len(parts):
            raise NotYet(self._how())
        for number, (part, value) in enumerate(zip(parts, values, strict=True), 1):
            if not part.is_it(value):
                hint = say(part.hint_for(value))
                which = say("number {number}: {hint}", number=number, hint=hint)
                raise NotYet(hint if len(parts) == 1 else which)
        print(say("right"))

    def solve(self) -> Any:
        """The answer, as `check` takes it: for lecturers."""
        return self._whole([part.answer for part in self.task.parts])

    def mistakes(self) -> list[tuple[Any, str]]:
        """Typical wrong answers, as `check` takes them, with hints: for lecturers and tests."""
        right = [part.answer for part in self.task.parts]
        return [
            (self._whole([*right[:at], mistake.value, *right[at + 1 :]]), say(mistake.hint))
            for at, part in enumerate(self.task.parts)
            for mistake in part.mistakes
        ]

    def _whole(self, values: list[Value]) -> Any:
        plain = ["".join(sorted(v)) if isinstance(v, frozenset) else v for v in values]
        return plain if len(plain) > 1 else plain[0]


def as_values(answer: object, letters: bool) -> list[Value] | None:
    """An answer as the values that a problem compares; None if it is of another kind.

    Letters may come as "ac", "a, c", or a list or set of them; numbers as anything that
    Python, NumPy or pandas calls a number.
    """
    if letters:
        if not isinstance(answer, str | list | tuple | set | frozenset):
            return None
        words = "".join(map(str, answer)).lower()
        return [frozenset(sign for sign in words if sign.isalpha())]
    single = isinstance(answer, str | bool | float | int) or not isinstance(answer, Iterable)
    return _numbers([answer] if single else list(answer))  # type: ignore[call-overload]


def _numbers(things: list[Any]) -> list[Value] | None:
    if any(isinstance(thing, str | bytes | bool) or thing is None for thing in things):
        return None
    try:
        return [float(thing) for thing in things]
    except (TypeError, ValueError):
        return None


Deal = Callable[[Draw], Task]
