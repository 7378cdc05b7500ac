"""volume: make, list and remove directories that outlive containers.

Source: Docker's reference, `docker volume`.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from realrun import paths
from realrun.console import listing
from realrun.console.each import each
from realrun.console.options import labels, shown_size
from realrun.containers import signals
from realrun.containers.registry import Registry
from realrun.errors import NoSuchVolume
from realrun.runtime import volumes
from realrun.runtime.volumes import Volume
from realrun.verbs import inspect as inspecting

HEADS = {"Driver": "DRIVER", "Name": "VOLUME NAME", "Mountpoint": "MOUNTPOINT",
         "Scope": "SCOPE", "Labels": "LABELS"}  # fmt: skip
USUAL = "{{.Driver}}\t{{.Name}}"


def main(args: argparse.Namespace) -> int:
    """The action that was chosen; exit code 1 if a volume is missing or in use."""
    actions = {"create": create, "ls": ls, "inspect": inspect, "rm": remove, "prune": prune}
    return actions[args.action](args, paths.root())


def create(args: argparse.Namespace, root: Path) -> int:
    """Prints the name; a volume that is there already is as good."""
    print(volumes.create(root, args.name, labels(args.label)).name)
    return 0


def ls(args: argparse.Namespace, root: Path) -> int:
    """One a line, by name."""
    asked = "{{.Name}}" if args.quiet and args.format in ("", "table") else args.format
    for line in listing.lines(map(row, volumes.every(root)), HEADS, USUAL, asked):
        print(line)
    return 0


def row(volume: Volume) -> dict[str, Any]:
    """What a template may ask for."""
    told = {name: value for name, value in described(volume).items() if name in HEADS}
    labels = ",".join(f"{name}={value}" for name, value in (told["Labels"] or {}).items())
    return told | {"Labels": labels}


def inspect(args: argparse.Namespace, root: Path) -> int:
    """A JSON list with one object for each that was found."""
    return inspecting.tell(args, lambda name: described(volumes.find(root, name)))


def described(volume: Volume) -> dict[str, Any]:
    """By Docker's field names; an unnamed volume carries Docker's mark."""
    mark = {"com.docker.volume.anonymous": ""} if volume.anonymous else None
    return {
        "CreatedAt": volume.created,
        "Driver": "local",
        "Labels": {**(volume.labels or {}), **mark} if mark else volume.labels,
        "Mountpoint": volume.mountpoint,
        "Name": volume.name,
        "Options": None,
        "Scope": "local",
    }


def remove(args: argparse.Namespace, root: Path) -> int:
    """Prints what has gone."""
    users = signals.volume_users(Registry(root))

    def act(name: str) -> None:
        try:
            volumes.remove(root, name, users.get(name, ()))
        except NoSuchVolume:
            if not args.force:
                raise

    return each(args.name, act)


def prune(args: argparse.Namespace, root: Path) -> int:
    """Prints what has gone, and how much that was."""
    gone = volumes.prune(root, signals.volume_users(Registry(root)), args.all)
    if gone:
        print("\n".join(["Deleted Volumes:", *(name for name, _ in gone), ""]))
    print(f"Total reclaimed space: {shown_size(sum(size for _, size in gone))}")
    return 0
