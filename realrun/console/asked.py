"""What was asked of this machine, as it was written: the words that `inspect` gives back.

Source: Docker Engine API, HostConfig; the Docker client's `runconfig/opts`.
"""

from __future__ import annotations

import argparse
from typing import Any

from realrun.console.profiles import told
from realrun.runtime import mountwords


def host_words(args: argparse.Namespace) -> dict[str, Any]:
    """Fields of HostConfig, if there is anything to tell; the last two only if asked for."""
    tmpfs = dict(word.partition(":")[::2] for word in args.tmpfs)
    mounts = [mount(word) for word in args.mount]
    found = {
        "Binds": [bind(word) for word in args.volume if ":" in word] or None,
        "CapAdd": args.cap_add or None,
        "CapDrop": args.cap_drop or None,
        "SecurityOpt": [*map(told, args.security_opt)] or None,
        **({"Tmpfs": tmpfs} if tmpfs else {}),
        **({"Mounts": mounts} if mounts else {}),
    }
    return found if any(found.values()) else {}


def bind(word: str) -> str:
    """With the whole path of a directory."""
    source, colon, rest = word.partition(":")
    return mountwords.source_of(source) + colon + rest


def mount(word: str) -> dict[str, Any]:
    """One `--mount`."""
    kind, source, target, read_only, _ = mountwords.mount(word)
    told = {"Type": kind, "Source": source, "Target": target, "ReadOnly": read_only}
    return {key: value for key, value in told.items() if value}
