"""What is asked for: an image's settings with the caller's wishes on top (Docker's rules)."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from realrun.errors import UsageError
from realrun.linux.capabilities import DOCKER_DEFAULT
from realrun.linux.idmaps import Range
from realrun.runtime.devices import Device as Device
from realrun.runtime.mount import Mount as Mount

ISOLATIONS = ("process", "container", "uml", "qemu")
LONGEST_NAME = 64  # of a host (sethostname(2))
DEFAULT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
SHM_BYTES = 64 << 20  # of /dev/shm, as Docker's


def new_id() -> str:
    """64 hexadecimal digits that nobody has had, as Docker's."""
    return os.urandom(32).hex()


@dataclass(frozen=True, slots=True, kw_only=True)
class Spec:
    """One instance, ready to be planned: root file system, command, settings and limits."""

    layers: tuple[str, ...]  # unpacked, base first
    argv: tuple[str, ...]
    env: Mapping[str, str]
    cwd: str = "/"
    user: str = ""
    hostname: str = ""
    isolation: str = "container"
    level: str = ""  # of a guest, and the machine type it gets; empty: the usual ones
    machine: str = ""
    kernel: str = ""  # a guest's, if not the usual one: a file
    network: str = "none"
    image_digest: str = ""
    upper: str = ""  # the writable layer, if it is to outlive the instance (a build's RUN)
    limits: Mapping[str, Any] = field(default_factory=dict)  # by the names of `limitwords`
    devices: tuple[Device, ...] = ()
    mounts: tuple[Mount, ...] = ()
    read_only: bool = False  # the root file system; what is mounted on it is as it says
    shm_bytes: int = SHM_BYTES
    ulimits: Mapping[str, tuple[int, int]] = field(default_factory=dict)  # soft, hard; -1 = none
    capabilities: tuple[str, ...] = tuple(DOCKER_DEFAULT)
    no_new_privileges: bool = False
    seccomp: bool = True
    seccomp_profile: Mapping[str, Any] = field(default_factory=dict)  # as Docker's; {}: the default
    build_step: bool = False  # a RUN: names of hosts are none of this machine's, and stay as given
    init: bool = False  # a first process of ours that reaps orphans and passes signals on
    uid_map: tuple[Range, ...] = ()  # of a user namespace that root asks for
    gid_map: tuple[Range, ...] = ()
    terminal: tuple[int, int] | None = None  # rows and columns, if it gets one
    id: str = field(default_factory=new_id)

    def __post_init__(self) -> None:
        if self.isolation not in ISOLATIONS:
            choices = ", ".join(ISOLATIONS)
            raise UsageError(f"--isolation must be one of {choices}; got {self.isolation!r}")
        if self.network not in ("none", "host"):
            raise UsageError(f"--network must be none or host; got {self.network!r}")
        if not self.argv:
            raise UsageError("nothing to run: the image has no Cmd or Entrypoint; name a command")
        if not self.cwd.startswith("/"):
            raise UsageError(f"the working directory must be absolute; got {self.cwd!r}")
        if len(os.fsencode(self.hostname)) > LONGEST_NAME:
            raise UsageError(f"a host name has at most {LONGEST_NAME} bytes; got {self.hostname!r}")


def document(spec: Spec) -> dict[str, Any]:
    """The spec as JSON holds it."""
    return dataclasses.asdict(spec)


def from_document(told: Mapping[str, Any]) -> Spec:
    """The spec that `document` told, after its way through JSON; raises ValueError, KeyError."""
    if unknown := sorted(told.keys() - Spec.__dataclass_fields__.keys()):
        raise ValueError(f"no such setting: {', '.join(unknown)}")
    fields = {name: unlisted(value) for name, value in told.items()}
    fields["mounts"] = tuple(Mount(*one) for one in fields["mounts"])
    fields["devices"] = tuple(Device(*one) for one in fields.get("devices", ()))
    return Spec(**fields)


def unlisted(value: Any) -> Any:
    """JSON has no tuples: its lists are ours."""
    if isinstance(value, list | tuple):
        return tuple(map(unlisted, value))
    if isinstance(value, Mapping):
        return {key: unlisted(inner) for key, inner in value.items()}
    return value


def command(config: Mapping[str, Any], words: Sequence[str], entrypoint: str | None) -> list[str]:
    """The command line: Entrypoint + (words or Cmd); a new entrypoint forgets the image's Cmd.

    >>> command({"Entrypoint": ["/e"], "Cmd": ["c"]}, [], None)
    ['/e', 'c']
    >>> command({"Entrypoint": ["/e"], "Cmd": ["c"]}, [], "/new")
    ['/new']
    """
    if entrypoint is not None:
        return [*([entrypoint] if entrypoint else []), *words]
    return [*(config.get("Entrypoint") or []), *(words or config.get("Cmd") or [])]


def environment(
    config: Mapping[str, Any], extra: Mapping[str, str | None], host: str, tty: bool = False
) -> dict[str, str]:
    """PATH, HOSTNAME and TERM as Docker sets them, then the caller's wishes, then the image's Env.

    The first to name a variable decides its place, the caller before the image its value. A name
    that the caller gives no value (`-e NAME`, and it is not set outside) is taken away.
    """
    env: dict[str, str | None] = {"PATH": DEFAULT_PATH, "HOSTNAME": host}
    env |= {"TERM": "xterm"} if tty else {}
    env |= variables(config, extra)
    return {name: value for name, value in env.items() if value is not None}


def variables(config: Mapping[str, Any], extra: Mapping[str, str | None]) -> dict[str, str | None]:
    """The caller's wishes, then what else the image sets.

    >>> variables({"Env": ["A=1", "B=2"]}, {"B": "3"})
    {'B': '3', 'A': '1'}
    """
    image = dict(entry.partition("=")[::2] for entry in config.get("Env") or [])
    return dict(extra) | {name: value for name, value in image.items() if name not in extra}
