"""Patterns for names: Go's `filepath.Match`, and `.dockerignore` with its `**` and `!`.

    *  any run of characters but /        ?  one character but /
    [a-z] [^a-z]  one of these, none of these       \\c  the character c
    **  in .dockerignore: any number of directories, none included; at the end: everything

Source: Go, path/filepath, "Match"; Dockerfile reference, ".dockerignore file".
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Sequence
from typing import NamedTuple

STAR, ALL, ONE = "run in a name", "run of anything", "any character"
MAYBE, DIRECTORIES = "perhaps what follows", "run up to a /"
MOST_NODES = 100_000


class BadPattern(ValueError):
    """A pattern that is not complete, such as `[a-`."""


def has_magic(pattern: str) -> bool:
    """Is this a pattern at all, or just a name?"""
    return any(char in pattern for char in "*?[\\")


class Group(NamedTuple):
    """One character, of these ranges or not of them; as in Docker, it may be a `/`."""

    negated: bool
    ranges: tuple[tuple[str, str], ...]

    def takes(self, char: str) -> bool:
        return self.negated != any(low <= char <= high for low, high in self.ranges)


ANY = Group(True, (("/", "/"),))
Part = str | Group  # a character that stands for itself, a run, or one of several characters


def parts_of(pattern: str, deep: bool = False) -> list[Part]:
    """The pattern in parts; with `deep`, `**` crosses directories. Raises BadPattern."""
    found: list[Part] = []
    at = 0
    while at < len(pattern):
        char = pattern[at]
        if deep and pattern.startswith("**", at):
            at += 2
            at += pattern.startswith("/", at)
            found += [MAYBE, DIRECTORIES] if at < len(pattern) else [ALL]
            continue
        at += 1
        if char == "*":
            found.append(STAR)
        elif char == "?":
            found.append(ANY)
        elif char == "[":
            group, at = group_at(pattern, at)
            if deep and any(low > high for low, high in group.ranges):
                raise BadPattern(f"{pattern!r} has a range that ends before it begins")
            found.append(group)
        elif char == "\\":
            if at >= len(pattern):
                raise BadPattern(f"{pattern!r} ends in a lone \\")
            found.append(pattern[at])
            at += 1
        else:
            found.append(char)
    return found


def group_at(pattern: str, at: int) -> tuple[Group, int]:
    """`[...]` from just after the bracket, and where it ends."""
    negated = pattern.startswith("^", at)
    at += negated
    ranges: list[tuple[str, str]] = []
    while not (pattern.startswith("]", at) and ranges):
        low, at = group_char(pattern, at)
        high = low
        if pattern.startswith("-", at):
            high, at = group_char(pattern, at + 1)
        ranges.append((low, high))
    return Group(negated, tuple(ranges)), at + 1


def group_char(pattern: str, at: int) -> tuple[str, int]:
    if at >= len(pattern) or pattern[at] in "-]":
        raise BadPattern(f"{pattern!r} has an unfinished [...]")
    if pattern[at] == "\\":
        at += 1
        if at >= len(pattern):
            raise BadPattern(f"{pattern!r} ends in a lone \\")
    return pattern[at], at + 1


class Pattern:
    """A pattern, ready to match: an automaton that grows with what it is asked.

    A regular expression would go back and try again, for ever if the pattern wants it so.

    Source: Ken Thompson, "Regular Expression Search Algorithm", CACM 11(6), 1968.
    """

    def __init__(self, parts: Sequence[Part]) -> None:
        self.parts, self._nodes = parts, dict[frozenset[int], Node]()
        self._start = self.node([0])

    def fullmatch(self, name: str) -> bool:
        """Does the whole name match?"""
        if len(self._nodes) > MOST_NODES:
            self._nodes.clear()
            self._start = self.node([0])
        node = self._start
        for char in name:
            node = node[char]
            if not node.places:
                return False
        return len(self.parts) in node.places

    def ends(self, text: str) -> list[int]:
        """Where it may end if it begins with the text."""
        node, found = self._start, list[int]()
        for at, char in enumerate(text):
            found += [at] * (len(self.parts) in node.places)
            node = node[char]
            if not node.places:
                return found
        return found + [len(text)] * (len(self.parts) in node.places)

    def node(self, places: Iterable[int]) -> Node:
        """The node for all that may come next: these places, and where one gets without a step."""
        found, todo = set[int](), list(places)
        while todo:
            at = todo.pop()
            if at not in found:
                found.add(at)
                part = self.parts[at] if at < len(self.parts) else ""
                todo += [at + 1] if part in (STAR, ALL, MAYBE) else []
                todo += [at + 2] if part == MAYBE else []
        key = frozenset(found)
        if key not in self._nodes:
            self._nodes[key] = Node(self, key)
        return self._nodes[key]

    def after(self, at: int, char: str) -> tuple[int, ...]:
        """The places that a character leads to from one place."""
        part = self.parts[at] if at < len(self.parts) else MAYBE
        if part == ALL or (part == STAR and char != "/"):
            return (at,)
        if part == DIRECTORIES:
            return (at, at + 1) if char == "/" else (at,)
        if part in (char, ONE) or (isinstance(part, Group) and part.takes(char)):
            return (at + 1,)
        return ()


class Node(dict[str, "Node"]):
    """Where each character leads."""

    def __init__(self, pattern: Pattern, places: frozenset[int]) -> None:
        self.pattern, self.places = pattern, places

    def __missing__(self, char: str) -> Node:
        found = self.pattern.node(to for at in self.places for to in self.pattern.after(at, char))
        self[char] = found
        return found


def compiled(pattern: str, deep: bool = False) -> Pattern:
    """The pattern, ready to `fullmatch`; raises BadPattern."""
    return Pattern(parts_of(pattern, deep))


class Rule(NamedTuple):
    """One line of .dockerignore."""

    pattern: Pattern
    keeps: bool  # a line with `!`: what matches is taken after all


def read_rules(text: str) -> list[Rule]:
    """The rules of a .dockerignore; raises BadPattern with the line number."""
    rules = []
    for number, line in enumerate(text.removeprefix("\ufeff").splitlines(), 1):
        if line.startswith("#") or not line.strip():
            continue
        pattern = line.strip()
        keeps = pattern.startswith("!")
        pattern = pattern[keeps:].strip()
        if not pattern:
            raise BadPattern(f"line {number}: a lone !")
        cleaned = posixpath.normpath(pattern).lstrip("/") or "."
        try:
            rules.append(Rule(compiled(cleaned, deep=True), keeps))
        except BadPattern as error:
            raise BadPattern(f"line {number}: {error}") from None
    return rules


def ignored(path: str, rules: Sequence[Rule]) -> bool:
    """Is this path of the context left out? The last rule that matches it or a parent decides."""
    parts = path.split("/")
    ancestry = ["/".join(parts[:depth]) for depth in range(1, len(parts) + 1)]
    out = False
    for rule in rules:
        if rule.keeps == out and any(rule.pattern.fullmatch(name) for name in ancestry):
            out = not rule.keeps
    return out
