"""cp: copy files between a container and this machine."""

from __future__ import annotations

import argparse
import sys

from realrun import paths
from realrun.containers import copying
from realrun.containers.registry import Registry
from realrun.errors import UsageError


def main(args: argparse.Namespace) -> int:
    """Prints nothing; with `-` an archive comes from the input or goes to the output."""
    registry = Registry(paths.root())
    (source, path), (target, place) = split(args.source), split(args.target)
    if source and target:
        raise UsageError("copying between containers is not supported")
    if source:
        container = registry.find(source)
        if place == "-":
            copying.fetch_archive(registry, container, path, args.follow, sys.stdout.buffer)
        else:
            copying.fetch(registry, container, path, args.follow, place)
    elif target:
        container = registry.find(target)
        if path == "-":
            copying.bring_archive(registry, container, sys.stdin.buffer, place, args.archive)
        else:
            copying.bring(registry, container, path, args.follow, place, args.archive)
    else:
        raise UsageError("must specify at least one container source: CONTAINER:PATH")
    return 0


def split(word: str) -> tuple[str, str]:
    """The container and the path; without a container it is a path of this machine.

    >>> split("web:/etc"), split("./a:b"), split("/a:b")
    (('web', '/etc'), ('', './a:b'), ('', '/a:b'))
    """
    name, colon, path = word.partition(":")
    if not colon or word.startswith(("/", ".")):
        return "", word
    return name, path
