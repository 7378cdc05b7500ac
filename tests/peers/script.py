"""A script of verbs, carried out by one engine, line by line.

A line is a line of shell in which `$CLI` is the engine's command, `$N` a name that is this script's
own, and the working directory is empty at the start. What one line wrote and how it ended is one
`Seen`, without whatever differs from run to run.
"""

from __future__ import annotations

import hashlib
import re
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

LINE_S = 60
TERMINAL = f"{sys.executable} {Path(__file__).with_name('terminal.py')}"
HELP = """
repeat() { for _ in $(seq 200); do "$@" && return; sleep 0.05; done; echo "never: $*"; return 1; }
said() { $CLI logs "$1" 2>&1 | grep -q "$2"; }
ready() { repeat said "$1" ready; }
told() { test "$($CLI logs "$1" 2>&1 | grep -c "$2")" = "$3"; }
is() { test "$($CLI inspect -f '{{.State.Status}}' "$1" 2>&1)" = "$2"; }
gone() { ! $CLI inspect "$1" >/dev/null 2>&1; }
"""

UNSTEADY = (
    (r"\b[0-9a-f]{64}\b", "<id>"),
    (r"\b[0-9a-f]{12}\b", "<short id>"),
    (r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)", "<time>"),
    (r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d+)? [+-]\d{4} \w+", "<moment>"),
    (r"(Less than a|About a|\d+) (seconds?|minutes?)( ago)?", "<while>"),
    (r" {2,}", "  "),
    (r"failed to resize tty, using default size\r\n", ""),  # if Docker's client was too early
)


@dataclass(frozen=True)
class Script:
    """A name and its lines."""

    title: str
    text: str

    @property
    def lines(self) -> list[str]:
        return [line.strip() for line in self.text.strip().split("\n")]

    @property
    def name(self) -> str:
        """What its containers are called: nobody else's are."""
        return "c" + hashlib.sha256(self.title.encode()).hexdigest()[:8]


@dataclass(frozen=True)
class Seen:
    """One line and what came of it."""

    line: str
    output: str
    code: int
    complained: bool

    def __str__(self) -> str:
        return f"exit {self.code}{', complains' if self.complained else ''}: {self.output!r}"


@dataclass(frozen=True)
class Engine:
    """A command line, and the environment that makes it find its images."""

    command: str
    env: Mapping[str, str]
    folder: Path

    def carry_out(self, script: Script) -> list[Seen]:
        """Run the lines one after the other; whatever they leave behind is removed."""
        place = self.folder / script.name
        place.mkdir(parents=True)
        try:
            return [self.line(line, script.name, place) for line in script.lines]
        finally:
            self.shell(f"$CLI rm -f -v $($CLI ps -aq --filter name={script.name})", "", place)

    def line(self, line: str, name: str, place: Path) -> Seen:
        done = self.shell(line, name, place)
        complained = bool(done.returncode and done.stderr.strip())
        output = steady(done.stdout.decode("utf-8", "backslashreplace"))
        return Seen(line, output, done.returncode, complained)

    def shell(self, line: str, name: str, place: Path) -> subprocess.CompletedProcess[bytes]:
        env = {**self.env, "CLI": self.command, "N": name, "TERMINAL": TERMINAL}
        return subprocess.run(
            ["sh", "-c", HELP + line],
            cwd=place,
            env=env,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=LINE_S,
        )


def steady(text: str) -> str:
    """Without ids, times and the widths of columns."""
    for pattern, instead in UNSTEADY:
        text = re.sub(pattern, instead, text)
    return text


def differences(theirs: list[Seen], ours: list[Seen]) -> list[str]:
    """Three lines of report for each line of the script that came out differently."""
    return [
        f"{their.line}\n    docker: {their}\n    ours:   {our}"
        for their, our in zip(theirs, ours, strict=True)
        if their != our
    ]
