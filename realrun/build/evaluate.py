"""Third step: what instructions do to the state of a stage, before any file is touched.

A stage begins as a copy of its base (or of nothing) and every instruction changes it: the image's
configuration, and the values that later words are expanded with. Each instruction sees the values
from before it, so `ENV a=1 b=$a` gives `b` the old `a`.

Source: Dockerfile reference, "ARG", "ENV", "Environment replacement", "CMD", "ENTRYPOINT".
"""

from __future__ import annotations

import copy
import posixpath
import re
import signal
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from realrun.build import instructions as i
from realrun.build.expand import ExpandError, expand, expand_text, expand_words
from realrun.build.instructions import Instruction, Place
from realrun.image.config import architecture

DEFAULT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
DEFAULT_SHELL = ("/bin/sh", "-c")
PROXIES = tuple(
    name
    for upper in ("HTTP_PROXY", "HTTPS_PROXY", "FTP_PROXY", "NO_PROXY", "ALL_PROXY")
    for name in (upper, upper.lower())
)
PORT = re.compile(r"(\d{1,5})(?:-(\d{1,5}))?(?:/(tcp|udp|sctp))?", re.IGNORECASE)
# What may stand before a port, as in `docker run -p`; it means nothing in an image.
HOST = re.compile(r"(?:(?:\[[0-9a-f:.]+\]|[0-9.]+|):)?(?:\d{1,5}(?:-\d{1,5})?)?:", re.IGNORECASE)


def platform_arguments() -> dict[str, str]:
    """The arguments that are there without being declared, in FROM lines."""
    found: dict[str, str] = {}
    for side in ("BUILD", "TARGET"):
        found |= {
            f"{side}PLATFORM": f"linux/{architecture()}",
            f"{side}OS": "linux",
            f"{side}ARCH": architecture(),
            f"{side}VARIANT": "",
        }
    return found


@dataclass(slots=True)
class State:
    """What a stage knows: the configuration of the image, and the values of its arguments.

    `given` are the --build-arg values, `before_from` the arguments declared above the first FROM.
    """

    given: Mapping[str, str]
    before_from: Mapping[str, str]
    escape: str = "\\"
    config: dict[str, Any] = field(default_factory=dict)
    arguments: dict[str, str | None] = field(default_factory=dict)
    author: str = ""
    cmd_is_own: bool = False

    def child(self) -> State:
        """The state of a stage that is built FROM this one."""
        new = copy.deepcopy(self)
        new.cmd_is_own = False
        for name in self.environment:  # it begins anew: what is in the image counts
            new.arguments.pop(name, None)
        return new

    @property
    def environment(self) -> dict[str, str]:
        """ENV, as a mapping."""
        pairs = (entry.partition("=") for entry in self.config.get("Env", []))
        return {key: value for key, _, value in pairs}

    @property
    def values(self) -> dict[str, str]:
        """What words are expanded with, and what RUN has in its environment.

        Of an ARG and an ENV of one name the later one counts, as BuildKit has it: an ENV takes the
        arguments of its name away.
        """
        declared = {key: value for key, value in self.arguments.items() if value is not None}
        return self.environment | declared

    @property
    def proxies(self) -> dict[str, str]:
        """Predefined arguments that were given: RUN sees them, history and cache do not."""
        return {key: value for key, value in self.given.items() if key in PROXIES}

    @property
    def shell(self) -> tuple[str, ...]:
        return tuple(self.config.get("Shell") or DEFAULT_SHELL)

    @property
    def directory(self) -> str:
        return self.config.get("WorkingDir") or "/"

    @property
    def user(self) -> str:
        return self.config.get("User") or ""

    def expand(self, word: str, at: Place) -> str:
        """One word, with this stage's values."""
        return expanded(word, self.values, self.escape, at)

    def expand_text(self, text: str, at: Place) -> str:
        """The body of a here-document: quotes mean nothing there, only variables and escapes do."""
        try:
            return expand_text(text, self.values, self.escape)
        except ExpandError as error:
            raise at.error(str(error)) from None

    def absolute(self, path: str) -> str:
        """A path of the image: relative ones start in WORKDIR."""
        return posixpath.normpath(posixpath.join("/", self.directory, path)).replace("//", "/")


def expanded(word: str, values: Mapping[str, str], escape: str, at: Place) -> str:
    try:
        return expand(word, values, escape)
    except ExpandError as error:
        raise at.error(str(error)) from None


def new_state(given: Mapping[str, str], before_from: Mapping[str, str], escape: str) -> State:
    """FROM scratch: nothing but a PATH."""
    return State(given, before_from, escape, {"Env": [f"PATH={DEFAULT_PATH}"], "WorkingDir": "/"})


def of_image(state: State, config: Mapping[str, Any], author: str) -> State:
    """FROM an image: its configuration, without what is not handed down."""
    inherited = copy.deepcopy(dict(config))
    if not any(entry.startswith("PATH=") for entry in inherited.get("Env") or []):
        inherited["Env"] = [f"PATH={DEFAULT_PATH}", *(inherited.get("Env") or [])]
    state.config, state.author = inherited, author
    return state


def apply(state: State, step: Instruction) -> None:
    """Carry out an instruction that changes only the state."""
    match step:
        case i.Arg():
            declare(state, step)
        case i.Env():
            set_environment(state, step)
        case i.Label():
            set_labels(state, step)
        case i.User():
            state.config["User"] = state.expand(step.user, step.at)
        case i.Expose():
            expose(state, step)
        case i.Volume():
            volumes = state.config.setdefault("Volumes", {})
            volumes.update({state.expand(path, step.at): {} for path in step.paths})
        case i.Shell():
            state.config["Shell"] = list(step.words)
        case i.StopSignal():
            state.config["StopSignal"] = checked_signal(state.expand(step.signal, step.at), step.at)
        case i.OnBuild():
            state.config.setdefault("OnBuild", []).append(step.trigger)
        case i.Maintainer():
            state.author = step.name
        case _:
            apply_command(state, step)


def apply_command(state: State, step: Instruction) -> None:
    """CMD, ENTRYPOINT, HEALTHCHECK: what runs when the image is started."""
    match step:
        case i.Cmd():
            state.config["Cmd"] = step.command.argv(state.shell)
            state.cmd_is_own = True
        case i.Entrypoint():
            state.config["Entrypoint"] = step.command.argv(state.shell)
            if not state.cmd_is_own:
                state.config.pop("Cmd", None)  # it was meant for another entry point
        case i.HealthCheck():
            state.config["Healthcheck"] = health(step)
        case _:
            raise step.at.error(f"{type(step).__name__.upper()} changes files, not settings")


def declare(state: State, step: i.Arg) -> None:
    """ARG: --build-arg wins, then the default, then a value from before the first FROM.

    Without any of them it keeps the value that it may have.
    """
    values = state.values
    for name, default in step.pairs:
        if name in state.given:
            state.arguments[name] = state.given[name]
        elif default is not None:
            state.arguments[name] = expanded(default, values, state.escape, step.at)
        elif name in state.before_from or name not in state.arguments:
            state.arguments[name] = state.before_from.get(name)


def set_environment(state: State, step: i.Env) -> None:
    """ENV: keeps the order in which names were first set."""
    values, environment = state.values, state.environment
    for key, value in step.pairs:
        name = expanded(key, values, state.escape, step.at)
        if not name or "=" in name:
            raise step.at.error(f"ENV with an impossible name: {name!r}")
        environment[name] = expanded(value, values, state.escape, step.at)
        state.arguments.pop(name, None)
    state.config["Env"] = [f"{key}={value}" for key, value in environment.items()]


def set_labels(state: State, step: i.Label) -> None:
    values = state.values
    labels = state.config.setdefault("Labels", {})
    new = {
        expanded(key, values, state.escape, step.at): expanded(value, values, state.escape, step.at)
        for key, value in step.pairs
    }
    labels.update(new)


def expose(state: State, step: i.Expose) -> None:
    """Ports, each with its protocol; a variable may hold several, a range is spelled out."""
    ports = state.config.setdefault("ExposedPorts", {})
    for word in step.ports:
        try:
            written = expand_words(word, state.values, state.escape)
        except ExpandError as error:
            raise step.at.error(str(error)) from None
        for port in written:
            host = HOST.match(port)
            found = PORT.fullmatch(port, host.end() if host else 0)
            low, high = (int(found[1]), int(found[2] or found[1])) if found else (0, -1)
            if not found or not 0 <= low <= high <= 65535:
                raise step.at.error(f"{port!r} is no port: 80, 80/udp or 8000-8010/tcp")
            protocol = (found[3] or "tcp").lower()
            ports.update({f"{number}/{protocol}": {} for number in range(low, high + 1)})


def checked_signal(text: str, at: Place) -> str:
    """A signal by number or by name, with or without SIG; Docker takes any number but 0."""
    number = int(text) if re.fullmatch(r"[0-9]{1,9}", text) else 0
    name = text.upper() if text.upper().startswith("SIG") else "SIG" + text.upper()
    known = name in signal.Signals.__members__ or re.fullmatch(r"SIGRTM(IN|AX)([+-]\d+)?", name)
    if not known and not number:
        raise at.error(f"{text!r} is no signal: a name such as SIGTERM, or a number such as 15")
    return text


def health(step: i.HealthCheck) -> dict[str, Any]:
    """As Docker's image format has it; OCI's has no place for it of its own."""
    if step.command is None:
        return {"Test": ["NONE"]}
    kind = "CMD-SHELL" if step.command.shell else "CMD"
    numbers = {
        "Interval": step.interval_ns,
        "Timeout": step.timeout_ns,
        "StartPeriod": step.start_period_ns,
        "StartInterval": step.start_interval_ns,
        "Retries": step.retries,
    }
    test = {"Test": [kind, *step.command.words]}
    return test | {key: value for key, value in numbers.items() if value}
