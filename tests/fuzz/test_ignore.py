"""`.dockerignore` against a matcher without regular expressions: BuildKit's rules, plainly."""

from __future__ import annotations

import posixpath

from hypothesis import example, given
from hypothesis import strategies as st

from realrun.build.match import BadPattern, ignored, read_rules
from tests.fuzz.rules import examples, no_hang

LINES = st.text(st.sampled_from("ab.*?[]^-\\/! #é"), max_size=14)
FILES = st.lists(LINES, min_size=1, max_size=4).map("\n".join)
PATHS = st.lists(st.text("ab.é]", min_size=1, max_size=4), min_size=1, max_size=4).map("/".join)


class Broken(ValueError):
    """The pattern is not complete."""


def tokens(pattern: str) -> list[object]:
    """Characters, "?", "*", "**", and (negated, ranges) of a pattern."""
    found: list[object] = []
    rest = list(pattern)
    while rest:
        char = rest.pop(0)
        if char == "*" and rest[:1] == ["*"]:
            del rest[:1]
            if rest[:1] == ["/"]:
                del rest[:1]
            found.append("**")
        elif char in "*?":
            found.append(char)
        elif char == "[":
            found.append(group(rest))
        else:
            found.append((False, [(literal(char, rest),) * 2]))
    return found


def literal(char: str, rest: list[str]) -> str:
    if char != "\\":
        return char
    if not rest:
        raise Broken
    return rest.pop(0)


def group(rest: list[str]) -> tuple[bool, list[tuple[str, str]]]:
    """What stands in brackets; at least one character or range."""
    negated = rest[:1] == ["^"]
    del rest[:negated]
    ranges: list[tuple[str, str]] = []
    while True:
        if rest[:1] == ["]"] and ranges:
            del rest[:1]
            return negated, ranges
        low = high = one_of(rest)
        if rest[:1] == ["-"]:
            del rest[:1]
            high = one_of(rest)
        if low > high:
            raise Broken
        ranges.append((low, high))


def one_of(rest: list[str]) -> str:
    if not rest or rest[0] in "-]":
        raise Broken
    return literal(rest.pop(0), rest)


def matches(pattern: list[object], path: str) -> bool:
    """By trying: a token at a time, from left to right."""
    if not pattern:
        return path == ""
    first, rest = pattern[0], pattern[1:]
    if first == "**":
        if not rest:
            return True
        ends = [at + 1 for at, char in enumerate(path) if char == "/"]
        return any(matches(rest, path[end:]) for end in [0, *ends])
    if first == "*":
        length = len(path.split("/")[0])
        return any(matches(rest, path[at:]) for at in range(length + 1))
    if path == "":
        return False
    if first == "?":
        fits = path[0] != "/"
    else:
        assert isinstance(first, tuple)
        negated, ranges = first
        listed = any(low <= path[0] <= high for low, high in ranges)
        fits = negated != listed
    return fits and matches(rest, path[1:])


def is_out(text: str, path: str) -> bool:
    """The last line that fits the path, or a directory that it is in, decides."""
    out = False
    parts = path.split("/")
    for line in text.splitlines():
        if line.startswith("#") or not line.strip():
            continue
        pattern = line.strip()
        keeps = pattern.startswith("!")
        pattern = pattern.removeprefix("!").strip()
        if not pattern:
            raise Broken
        chosen = tokens(posixpath.normpath(pattern).lstrip("/") or ".")
        above = ("/".join(parts[:depth]) for depth in range(1, len(parts) + 1))
        if any(matches(chosen, name) for name in above):
            out = not keeps
    return out


@examples(400)
@given(FILES, PATHS)
@example("[a-]", "a")
@example("**[^a]", "a/b")
@example("a**b", "a/b")
@example("*" * 30 + "a", "b" * 60)
@example("**/" * 30 + "a", "b/" * 60 + "b")
@example("*a" * 30 + "b", "a" * 200)
@example("**/a" * 30 + "b", "a/" * 100 + "a")
def test_it_says_what_the_plain_matcher_says(text: str, path: str):
    with no_hang():
        try:
            found: object = ignored(path, read_rules(text))
        except BadPattern:
            found = Broken
        try:
            wanted: object = is_out(text, path) if len(path) < 30 else found
        except Broken:
            wanted = Broken
        assert found == wanted
