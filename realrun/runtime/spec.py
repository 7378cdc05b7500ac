"""What is asked for: an image's settings with the caller's wishes on top (Docker's rules)."""

from __future__ import annotations

import os
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from realrun.errors import UsageError

ISOLATIONS = ("process", "container", "uml", "qemu")
LONGEST_NAME = 64  # of a host (sethostname(2))
DEFAULT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


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
    network: str = "none"
    image_digest: str = ""
    upper: str = ""  # the writable layer, if it is to outlive the instance (a build's RUN)
    limits: Mapping[str, int] = field(default_factory=dict)  # memory_bytes, pids, cpu_milli
    id: str = field(default_factory=lambda: uuid.uuid4().hex)

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


def environment(config: Mapping[str, Any], extra: Mapping[str, str], host: str) -> dict[str, str]:
    """PATH, HOSTNAME and HOME as Docker sets them, the image's Env over them, then the caller's."""
    env = {"PATH": DEFAULT_PATH, "HOSTNAME": host}
    env |= dict(entry.partition("=")[::2] for entry in config.get("Env") or [])
    return env | dict(extra)
