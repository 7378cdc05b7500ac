"""The typed instructions: as written, nothing expanded, nothing looked up.

Every one knows `at`, its place in the Dockerfile, so that an error found later can point there.
They are named tuples: twenty data classes take longer to make than a cached build to look up.

Source: Dockerfile reference, one section an instruction.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from realrun.build.heredocs import Heredoc
from realrun.errors import DockerfileError


class Place(NamedTuple):
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


class Command(NamedTuple):
    """Words to execute: a list (exec form), or one text for the shell (shell form)."""

    words: tuple[str, ...]
    shell: bool

    def argv(self, shell: tuple[str, ...]) -> list[str]:
        """The words that are really executed."""
        return [*shell, *self.words] if self.shell else list(self.words)


class From(NamedTuple):
    """FROM [--platform=P] IMAGE [AS NAME]"""

    at: Place
    image: str
    name: str = ""
    platform: str = ""


class Arg(NamedTuple):
    """ARG NAME[=DEFAULT] ...; None: no default"""

    at: Place
    pairs: tuple[tuple[str, str | None], ...]


class Env(NamedTuple):
    """ENV KEY=VALUE ..."""

    at: Place
    pairs: tuple[tuple[str, str], ...]


class Label(NamedTuple):
    """LABEL KEY=VALUE ..."""

    at: Place
    pairs: tuple[tuple[str, str], ...]


class Run(NamedTuple):
    """RUN [--network=default|none|host] [--mount=KEY=VALUE,...] COMMAND"""

    at: Place
    command: Command
    heredocs: tuple[Heredoc, ...] = ()
    network: str = "default"
    mounts: tuple[Mapping[str, str], ...] = ()


class Copy(NamedTuple):
    """COPY or ADD [FLAGS] SOURCE ... TARGET; `unpack` None: as ADD does for this kind of source"""

    at: Place
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


class Workdir(NamedTuple):
    """WORKDIR PATH"""

    at: Place
    path: str


class User(NamedTuple):
    """USER NAME|UID[:GROUP|GID]"""

    at: Place
    user: str


class Expose(NamedTuple):
    """EXPOSE PORT[-PORT][/PROTOCOL] ..."""

    at: Place
    ports: tuple[str, ...]


class Volume(NamedTuple):
    """VOLUME PATH ..."""

    at: Place
    paths: tuple[str, ...]


class Entrypoint(NamedTuple):
    """ENTRYPOINT COMMAND"""

    at: Place
    command: Command


class Cmd(NamedTuple):
    """CMD COMMAND"""

    at: Place
    command: Command


class Shell(NamedTuple):
    """SHELL ["PROGRAM", "ARGUMENT", ...]"""

    at: Place
    words: tuple[str, ...]


class StopSignal(NamedTuple):
    """STOPSIGNAL NAME|NUMBER"""

    at: Place
    signal: str


class HealthCheck(NamedTuple):
    """HEALTHCHECK NONE | [OPTIONS] CMD COMMAND; times in nanoseconds, 0 for the default"""

    at: Place
    command: Command | None
    interval_ns: int = 0
    timeout_ns: int = 0
    start_period_ns: int = 0
    start_interval_ns: int = 0
    retries: int = 0


class OnBuild(NamedTuple):
    """ONBUILD INSTRUCTION, kept as text: it is parsed where it fires"""

    at: Place
    trigger: str


class Maintainer(NamedTuple):
    """MAINTAINER NAME (old; a label does the same)"""

    at: Place
    name: str


Instruction = (
    From
    | Arg
    | Env
    | Label
    | Run
    | Copy
    | Workdir
    | User
    | Expose
    | Volume
    | Entrypoint
    | Cmd
    | Shell
    | StopSignal
    | HealthCheck
    | OnBuild
    | Maintainer
)
