"""volume: make, list and remove directories that outlive containers.

Source: Docker's reference, `docker volume`.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from realrun import paths
from realrun.containers import signals
from realrun.containers.registry import Registry
from realrun.errors import NoSuchVolume, RealRunError
from realrun.runtime import volumes
from realrun.runtime.volumes import Volume
from realrun.verbs import listing
from realrun.verbs.each import each
from realrun.verbs.options import labels, shown_size


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
    names = [volume.name for volume in volumes.every(root)]
    rows = [["DRIVER", "VOLUME NAME"], *(["local", name] for name in names)]
    for line in names if args.quiet else listing.aligned(rows):
        print(line)
    return 0


def inspect(args: argparse.Namespace, root: Path) -> int:
    """A JSON list with one object for each that was found."""
    found, failed = [], 0
    for name in args.name:
        try:
            found.append(described(volumes.find(root, name)))
        except RealRunError as error:
            failed = 1
            print(f"realrun: {error}", file=sys.stderr)
    print(json.dumps(found, indent=4, ensure_ascii=False))
    return failed


def described(volume: Volume) -> dict[str, Any]:
    """By Docker's field names; an unnamed volume carries Docker's mark."""
    mark = {"com.docker.volume.anonymous": ""} if volume.anonymous else {}
    return {
        "CreatedAt": volume.created,
        "Driver": "local",
        "Labels": {**volume.labels, **mark} or None,
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
