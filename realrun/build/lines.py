"""First step: the text of a Dockerfile becomes logical lines.

Rules (Dockerfile reference, "Format", "Parser directives", "Here-Documents"):

* directives `# key=value` stand at the very top, each at most once, keys in any case; the first
  line that is something else ends them;
* a comment is a line that begins with `#`, blanks before it allowed; it is dropped even between the
  lines of one instruction, and so are blank lines there;
* a line that ends in the escape character goes on in the next; blanks may follow the character,
  and a doubled one is no continuation;
* the lines of a here-document follow their instruction and are nobody's comments.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from realrun.build.heredocs import Heredoc, announced
from realrun.errors import DockerfileError

DIRECTIVE = re.compile(r"#\s*([A-Za-z][A-Za-z0-9]*)\s*=\s*(.+?)\s*$")
DIRECTIVES = ("syntax", "escape", "check")
BOM = "\ufeff"
MAX_BYTES = 4 << 20


class TooLong(ValueError):
    """More than a Dockerfile, or a .dockerignore, can sensibly have."""


def data_of(path: Path) -> bytes:
    """All that is in a Dockerfile or a .dockerignore; raises OSError, and TooLong."""
    with open(path, "rb") as file:
        data = file.read(MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        raise TooLong(f"{path.name} has more than {MAX_BYTES} bytes")
    return data


class Line(NamedTuple):
    """One instruction as text: where it begins and ends (from 1), and what it says in one line."""

    first: int
    last: int
    text: str
    heredocs: tuple[Heredoc, ...] = ()


class Source(NamedTuple):
    """A Dockerfile, read: `file` is its name for messages."""

    file: str
    escape: str
    directives: dict[str, str]
    lines: tuple[Line, ...]
    warnings: tuple[str, ...] = ()


def read(data: bytes, file: str) -> Source:
    """The logical lines; raises DockerfileError for an empty file or a wrong directive."""
    physical = data.decode("utf-8", "surrogateescape").removeprefix(BOM).split("\n")
    physical = [line.removesuffix("\r") for line in physical]
    if not physical[-1]:
        physical.pop()  # what follows the last line's end is no line
    if any("\0" in line for line in physical):
        number = next(n for n, line in enumerate(physical, 1) if "\0" in line)
        raise DockerfileError(file, number, "a NUL byte; this is no text file")
    directives = read_directives(physical, file)
    escape = directives.get("escape", "\\")
    if escape not in ("\\", "`"):
        raise DockerfileError(file, 1, f"the escape directive has to be \\ or `, not {escape!r}")
    warnings: list[str] = []
    lines = tuple(logical_lines(physical, escape, file, warnings))
    if not lines:
        raise DockerfileError(file, 1, "no instruction in this file; it has to begin with FROM")
    return Source(file, escape, directives, lines, tuple(warnings))


def read_directives(physical: list[str], file: str) -> dict[str, str]:
    """The directives at the top."""
    found: dict[str, str] = {}
    for number, line in enumerate(physical, 1):
        match = DIRECTIVE.match(line.lstrip())
        key = match[1].lower() if match else ""
        if not match or key not in DIRECTIVES:
            break
        if key in found:
            raise DockerfileError(file, number, f"a second {key} directive; one is allowed", line)
        found[key] = match[2]
    return found


def logical_lines(
    physical: list[str], escape: str, file: str, warnings: list[str]
) -> Iterator[Line]:
    """Join continued lines, leave comments and blank lines out, collect here-documents."""
    goes_on = re.compile(rf"(^|[^{re.escape(escape)}]){re.escape(escape)}[ \t]*$")
    at = 0
    while at < len(physical):
        first, text, joined = at + 1, "", False
        while at < len(physical):
            line, at = physical[at], at + 1
            if is_comment(line):
                continue
            if not line.strip():
                if joined:
                    warnings.append(f"{file}:{at}: a blank line inside an instruction is skipped")
                    continue
                break
            if not joined:
                first, line = at, line.lstrip()
            last, more = at, goes_on.search(line)
            text += line[: more.end(1)] if more else line
            joined = True
            if not more:
                break
        if text.strip():
            documents, at = collect(text.strip(), physical, at, escape, file, first)
            yield Line(first, max(last, at if documents else last), text.strip(), documents)


def is_comment(line: str) -> bool:
    return line.lstrip().startswith("#")


def collect(
    text: str, physical: list[str], at: int, escape: str, file: str, first: int
) -> tuple[tuple[Heredoc, ...], int]:
    """Read the here-documents that an instruction announces, from physical line `at` on."""
    documents = []
    for waiting in announced(text, escape):
        content: list[str] = []
        while True:
            if at >= len(physical):
                end = waiting.name
                raise DockerfileError(file, first, f"here-document without its end {end!r}", text)
            line, at = physical[at], at + 1
            if (line.lstrip("\t") if waiting.chomp else line) == waiting.name:
                break
            content.append((line.lstrip("\t") if waiting.chomp else line) + "\n")
        documents.append(waiting._replace(content="".join(content)))
    return tuple(documents), at
