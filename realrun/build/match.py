"""Patterns for names: Go's `filepath.Match`, and `.dockerignore` with its `**` and `!`.

    *  any run of characters but /        ?  one character but /
    [a-z] [^a-z]  one of these, none of these       \\c  the character c
    **  in .dockerignore: any number of directories, none included; at the end: everything

Source: Go, path/filepath, "Match"; Dockerfile reference, ".dockerignore file".
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Sequence
from typing import NamedTuple


class BadPattern(ValueError):
    """A pattern that is not complete, such as `[a-`."""


def has_magic(pattern: str) -> bool:
    """Is this a pattern at all, or just a name?"""
    return any(char in pattern for char in "*?[\\")


def to_regex(pattern: str, deep: bool = False) -> str:
    """The regular expression of a pattern; with `deep`, `**` crosses directories."""
    out, at = "", 0
    while at < len(pattern):
        char = pattern[at]
        if deep and pattern.startswith("**", at):
            at += 2
            at += pattern.startswith("/", at)
            out += "(?:.*/)?" if at < len(pattern) else ".*"
            continue
        at += 1
        if char == "*":
            out += "[^/]*"
        elif char == "?":
            out += "[^/]"
        elif char == "[":
            group, at = group_regex(pattern, at)
            out += group
        elif char == "\\":
            if at >= len(pattern):
                raise BadPattern(f"{pattern!r} ends in a lone \\")
            out, at = out + re.escape(pattern[at]), at + 1
        else:
            out += re.escape(char)
    return out


def group_regex(pattern: str, at: int) -> tuple[str, int]:
    """`[...]` from just after the bracket: its regular expression, and where it ends."""
    negated = pattern.startswith("^", at)
    at += negated
    ranges: list[str] = []
    while not (pattern.startswith("]", at) and ranges):
        low, at = group_char(pattern, at)
        high = low
        if pattern.startswith("-", at):
            high, at = group_char(pattern, at + 1)
        if low <= high:
            ranges.append(f"{re.escape(low)}-{re.escape(high)}")
        else:
            ranges.append("")
    inner = "".join(ranges)
    if not inner:
        return ("[^/]" if negated else "(?!)"), at + 1
    return f"(?!/)[{'^' if negated else ''}{inner}]", at + 1


def group_char(pattern: str, at: int) -> tuple[str, int]:
    if at >= len(pattern) or pattern[at] in "-]":
        raise BadPattern(f"{pattern!r} has an unfinished [...]")
    if pattern[at] == "\\":
        at += 1
        if at >= len(pattern):
            raise BadPattern(f"{pattern!r} ends in a lone \\")
    return pattern[at], at + 1


def compiled(pattern: str, deep: bool = False) -> re.Pattern[str]:
    """The pattern, ready to `fullmatch`; raises BadPattern."""
    return re.compile(to_regex(pattern, deep), re.DOTALL)


class Rule(NamedTuple):
    """One line of .dockerignore."""

    pattern: re.Pattern[str]
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
