"""The typed instructions: as written, nothing expanded, nothing looked up.

Every one knows `at`, its place in the Dockerfile, so that an error found later can point there.

Source: Dockerfile reference, one section an instruction.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from realrun.build.heredocs import Heredoc
from realrun.errors import DockerfileError


@dataclass(frozen=True, slots=True)
class Place:
    """Where an instruction stands, and its text in one line."""

    file: str
    first: int
    last: int
    text: str

    def error(self, message: str) -> DockerfileError:
        """An error that points here and shows the line."""
        message = message.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
        shown = self.text if len(self.text) <= 200 else self.text[:199] + "…"
        return DockerfileError(self.file, self.first, message, shown)


@dataclass(frozen=True, slots=True, kw_only=True)
class Instruction:
    """What all have in common."""

    at: Place


@dataclass(frozen=True, slots=True)
class Command:
    """Words to execute: a list (exec form), or one text for the shell (shell form)."""

    words: tuple[str, ...]
    shell: bool

    def argv(self, shell: tuple[str, ...]) -> list[str]:
        """The words that are really executed."""
        return [*shell, *self.words] if self.shell else list(self.words)


@dataclass(frozen=True, slots=True, kw_only=True)
class From(Instruction):
    """FROM [--platform=P] IMAGE [AS NAME]"""

    image: str
    name: str = ""
    platform: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Arg(Instruction):
    """ARG NAME[=DEFAULT] ...; None: no default"""

    pairs: tuple[tuple[str, str | None], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Env(Instruction):
    """ENV KEY=VALUE ..."""

    pairs: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Label(Instruction):
    """LABEL KEY=VALUE ..."""

    pairs: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Run(Instruction):
    """RUN [--network=default|none|host] [--mount=KEY=VALUE,...] COMMAND"""

    command: Command
    heredocs: tuple[Heredoc, ...] = ()
    network: str = "default"
    mounts: tuple[Mapping[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Copy(Instruction):
    """COPY or ADD [FLAGS] SOURCE ... TARGET; `unpack` None: as ADD does for this kind of source"""

    sources: tuple[str, ...]
    target: str
    source_stage: str = ""
    chown: str = ""
    chmod: str = ""
    add: bool = False
    exclude: tuple[str, ...] = ()
    parents: bool = False
    checksum: str = ""
    unpack: bool | None = None
    heredocs: tuple[Heredoc, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Workdir(Instruction):
    """WORKDIR PATH"""

    path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class User(Instruction):
    """USER NAME|UID[:GROUP|GID]"""

    user: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Expose(Instruction):
    """EXPOSE PORT[-PORT][/PROTOCOL] ..."""

    ports: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Volume(Instruction):
    """VOLUME PATH ..."""

    paths: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Entrypoint(Instruction):
    """ENTRYPOINT COMMAND"""

    command: Command


@dataclass(frozen=True, slots=True, kw_only=True)
class Cmd(Instruction):
    """CMD COMMAND"""

    command: Command


@dataclass(frozen=True, slots=True, kw_only=True)
class Shell(Instruction):
    """SHELL ["PROGRAM", "ARGUMENT", ...]"""

    words: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class StopSignal(Instruction):
    """STOPSIGNAL NAME|NUMBER"""

    signal: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HealthCheck(Instruction):
    """HEALTHCHECK NONE | [OPTIONS] CMD COMMAND; times in nanoseconds, 0 for the default"""

    command: Command | None
    interval_ns: int = 0
    timeout_ns: int = 0
    start_period_ns: int = 0
    start_interval_ns: int = 0
    retries: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class OnBuild(Instruction):
    """ONBUILD INSTRUCTION, kept as text: it is parsed where it fires"""

    trigger: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Maintainer(Instruction):
    """MAINTAINER NAME (old; a label does the same)"""

    name: str
