"""Second step: logical lines become typed instructions.

Names of instructions are read in any case. Nothing is expanded here; what is wrong in itself is
refused with the place, what only the build can know is left to it.

Source: Dockerfile reference.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from realrun.build import instructions as i
from realrun.build import lines, words
from realrun.build.heredocs import Heredoc
from realrun.build.instructions import Instruction, Place
from realrun.build.part import Part
from realrun.build.readers import read_add, read_copy, read_run
from realrun.errors import DockerfileError

NO_TRIGGER = ("ONBUILD", "FROM", "MAINTAINER")
STAGE_NAME = re.compile(r"[a-z][a-z0-9_.-]*")
DURATION = re.compile(r"([0-9]{1,12}(?:\.[0-9]{1,12})?)(ns|us|µs|ms|s|m|h)")
LONGEST_NS = 2**63 - 1
NS = {"ns": 1, "us": 10**3, "µs": 10**3, "ms": 10**6, "s": 10**9,
      "m": 60 * 10**9, "h": 3600 * 10**9}  # fmt: skip


def parse(source: lines.Source) -> list[Instruction]:
    """All instructions of a Dockerfile; raises DockerfileError."""
    found = []
    for line in source.lines:
        at = Place(source.file, line.first, line.last, printable(line.text))
        found.append(parse_one(at, line.text, source.escape, line.heredocs))
    first = next((step for step in found if not isinstance(step, i.Arg)), None)
    if not isinstance(first, i.From):
        where = first or found[0]
        raise where.at.error("no build stage: FROM has to come first, only ARG may stand before it")
    return found


def printable(text: str) -> str:
    """The text for messages and the history: bytes that are no UTF-8 are shown as such."""
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def parse_one(at: Place, text: str, escape: str, heredocs: tuple[Heredoc, ...] = ()) -> Instruction:
    """One instruction."""
    name, *tail = text.split(None, 1)
    reader = READERS.get(name.upper())
    if reader is None:
        raise at.error(f"unknown instruction {name[:40]!r}{like(name)}")
    try:
        part = Part(at, tail[0] if tail else "", escape, heredocs)
        if not part.rest:
            raise words.WordError(f"{name.upper()} needs at least one argument")
        instruction = reader(part)
        if part.flags:
            unknown = ", ".join("--" + flag for flag in part.flags)
            raise words.WordError(f"{name.upper()} does not know the flag {unknown}")
    except words.WordError as error:
        raise at.error(str(error)) from None
    return instruction


def like(name: str) -> str:
    """`; did you mean RUN?`"""
    import difflib

    near = difflib.get_close_matches(name.upper(), list(READERS), n=1)
    return f"; did you mean {near[0]}?" if near else ""


def read_from(part: Part) -> i.From:
    platform, given = part.flag("platform"), part.rest.split()
    if len(given) == 3 and given[1].upper() == "AS":
        name = given[2].lower()
        if not STAGE_NAME.fullmatch(name):
            raise words.WordError(
                f"{given[2]!r} cannot name a stage: a letter, then letters, digits and - _ ."
            )
        return i.From(at=part.at, image=given[0], name=name, platform=platform)
    if len(given) != 1:
        raise words.WordError("FROM wants one image, then perhaps AS and one name")
    return i.From(at=part.at, image=given[0], platform=platform)


def read_arg(part: Part) -> i.Arg:
    found: list[tuple[str, str | None]] = []
    for word in words.split_quoted(part.rest, part.escape):
        key, equals, value = word.partition("=")
        if not key:
            raise words.WordError(f"ARG with an empty name in {word!r}")
        found.append((key, value if equals else None))
    return i.Arg(at=part.at, pairs=tuple(found))


def read_env(part: Part) -> i.Env:
    return i.Env(at=part.at, pairs=tuple(words.pairs(part.rest, part.escape, "ENV")))


def read_label(part: Part) -> i.Label:
    return i.Label(at=part.at, pairs=tuple(words.pairs(part.rest, part.escape, "LABEL")))


def read_workdir(part: Part) -> i.Workdir:
    return i.Workdir(at=part.at, path=part.rest)


def read_user(part: Part) -> i.User:
    return i.User(at=part.at, user=part.rest)


def read_expose(part: Part) -> i.Expose:
    return i.Expose(at=part.at, ports=tuple(part.rest.split()))


def read_volume(part: Part) -> i.Volume:
    paths = part.items()
    if not paths or not all(path.strip() for path in paths):
        raise words.WordError("VOLUME with an empty path")
    return i.Volume(at=part.at, paths=tuple(paths))


def read_entrypoint(part: Part) -> i.Entrypoint:
    return i.Entrypoint(at=part.at, command=part.command())


def read_cmd(part: Part) -> i.Cmd:
    return i.Cmd(at=part.at, command=part.command())


def read_shell(part: Part) -> i.Shell:
    listed = words.json_list(part.rest)
    if not listed:
        raise words.WordError('SHELL wants a JSON list: SHELL ["/bin/sh", "-c"]')
    return i.Shell(at=part.at, words=tuple(listed))


def read_stopsignal(part: Part) -> i.StopSignal:
    if len(part.rest.split()) != 1:
        raise words.WordError("STOPSIGNAL wants one signal")
    return i.StopSignal(at=part.at, signal=part.rest)


def read_healthcheck(part: Part) -> i.HealthCheck:
    kind, *tail = part.rest.split(None, 1)
    rest = tail[0] if tail else ""
    if kind.upper() == "NONE" and not rest:
        return i.HealthCheck(at=part.at, command=None)
    part.rest = rest
    command = part.command()
    if kind.upper() != "CMD" or not command.words:
        raise words.WordError("HEALTHCHECK wants NONE, or CMD and a command")
    times = {
        name.replace("-", "_") + "_ns": nanoseconds(part.flag(name, "0s"), name)
        for name in ("interval", "timeout", "start-period", "start-interval")
    }
    retries = part.flag("retries", "0")
    if not re.fullmatch(r"[0-9]{1,9}", retries):
        raise words.WordError(f"--retries is {retries!r:.40}, not a number")
    return i.HealthCheck(at=part.at, command=command, retries=int(retries), **times)


def nanoseconds(text: str, flag: str) -> int:
    """`1m30s` and the like: Go's durations.

    >>> nanoseconds("1m0.5s", "interval")
    60500000000
    """
    parts = DURATION.findall(text)
    if "".join(number + unit for number, unit in parts) != text or not parts:
        raise words.WordError(f"--{flag} is {text!r}, not a duration such as 30s or 1m30s")
    total = sum(int(float(number) * NS[unit]) for number, unit in parts)
    if 0 < total < NS["ms"] or total > LONGEST_NS:
        raise words.WordError(f"--{flag} has to be 0 or at least 1ms, and less than 292 years")
    return total


def read_onbuild(part: Part) -> i.OnBuild:
    """The trigger is kept as text, its here-documents below it, and read again when it fires."""
    name = part.rest.split(None, 1)[0].upper()
    if name in NO_TRIGGER:
        raise words.WordError(f"ONBUILD {name} is not allowed")
    parse_one(part.at, part.rest, part.escape, part.heredocs)
    documents = "".join(f"\n{one.content}{one.name}" for one in part.heredocs)
    return i.OnBuild(at=part.at, trigger=part.rest + documents)


def parse_trigger(at: Place, trigger: str, escape: str) -> Instruction:
    """The instruction that an ONBUILD of the base has left; `at` is the FROM that lets it fire."""
    try:
        found = list(lines.logical_lines(trigger.split("\n"), escape, at.file, []))
    except DockerfileError:
        found = []
    if len(found) != 1:
        raise at.error(f"the base has an ONBUILD that is no instruction: {printable(trigger)!r}")
    line = found[0]
    place = Place(at.file, at.first, at.last, printable(line.text))
    return parse_one(place, line.text, escape, line.heredocs)


def read_maintainer(part: Part) -> i.Maintainer:
    return i.Maintainer(at=part.at, name=part.rest)


READERS: dict[str, Callable[[Part], Any]] = {
    "ADD": read_add,
    "ARG": read_arg,
    "CMD": read_cmd,
    "COPY": read_copy,
    "ENTRYPOINT": read_entrypoint,
    "ENV": read_env,
    "EXPOSE": read_expose,
    "FROM": read_from,
    "HEALTHCHECK": read_healthcheck,
    "LABEL": read_label,
    "MAINTAINER": read_maintainer,
    "ONBUILD": read_onbuild,
    "RUN": read_run,
    "SHELL": read_shell,
    "STOPSIGNAL": read_stopsignal,
    "USER": read_user,
    "VOLUME": read_volume,
    "WORKDIR": read_workdir,
}
