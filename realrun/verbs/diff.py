"""diff: what a container has changed of its image's files."""

from __future__ import annotations

import argparse
import os
import sys

from realrun import paths
from realrun.containers.changed import changes_of
from realrun.containers.registry import Registry


def main(args: argparse.Namespace) -> int:
    """A line for each: A (added), C (changed) or D (deleted), and the path."""
    registry = Registry(paths.root())
    for change in changes_of(registry, registry.find(args.container)):
        sys.stdout.buffer.write(b"%s %s\n" % (change.kind.encode(), os.fsencode(change.path)))
    return 0
