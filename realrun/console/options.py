"""Reading the values of options: settings, sizes, lists of numbers."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator

from realrun.errors import UsageError
from realrun.sizes import shown_size as shown_size
from realrun.sizes import size_bytes as size_bytes


def settings(entries: Iterable[str], option: str) -> dict[str, str]:
    """NAME=VALUE pairs; a bare NAME takes its value from our own environment, as in Docker.

    >>> settings(["A=1", "B=x=y"], "--env")
    {'A': '1', 'B': 'x=y'}
    """
    found = {}
    for name, value in pairs(entries, option):
        if value is None:
            value = os.environ.get(name)
        if value is not None:
            found[name] = value
    return found


def pairs(entries: Iterable[str], option: str) -> Iterator[tuple[str, str | None]]:
    """NAME and VALUE of each; None for a bare NAME."""
    for entry in entries:
        name, equals, value = entry.partition("=")
        if not name:
            raise UsageError(f"{option} wants NAME=VALUE; got {entry!r}")
        yield name, value if equals else None


def file_lines(path: str, option: str) -> list[str]:
    """NAME=VALUE or NAME lines of a file: no quotes, a # in front is a comment, blanks end a name.

    Source: Docker's reference, `docker run --env-file`, and the client's `parseKeyValueFile`.
    """
    try:
        with open(path, encoding="utf-8-sig", newline="\n") as file:
            lines = file.read().split("\n")
    except OSError as error:
        raise UsageError(f"{option} {path}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise UsageError(f"{option} {path} is not UTF-8 throughout") from None
    found = []
    for number, line in enumerate(lines, 1):
        words = line.removesuffix("\r").lstrip()
        name, _, _ = words.partition("=")
        if not words or words.startswith("#"):
            continue
        if not name or " " in name or "\t" in name:
            raise UsageError(f"{option} {path}:{number}: expected NAME=VALUE, got {words!r}")
        found.append(words)
    return found


def labels(entries: Iterable[str]) -> dict[str, str]:
    """NAME=VALUE pairs of --label; a bare NAME has an empty value.

    >>> labels(["a=1", "b"])
    {'a': '1', 'b': ''}
    """
    return {name: value or "" for name, value in pairs(entries, "--label")}


def counts(text: str | None, option: str) -> tuple[int, ...] | None:
    """Numbers of instances, in rising order.

    >>> counts("4,1,2", "--n")
    (1, 2, 4)
    """
    if text is None:
        return None
    words = text.split(",")
    if not all(re.fullmatch(r"0*[1-9][0-9]{0,5}", word.strip()) for word in words):
        raise UsageError(f"{option} wants whole numbers above 0, such as 1,2,4; got {text!r}")
    return tuple(sorted({int(word) for word in words}))


def one_line(text: str) -> str:
    """Words of somebody else, safe to print: blanks run together, control characters escaped.

    >>> one_line("a  b\\n\\x1b[31m")
    'a b \\\\x1b[31m'
    """
    words = " ".join(text.split())
    return "".join(char if char.isprintable() else repr(char)[1:-1] for char in words)
