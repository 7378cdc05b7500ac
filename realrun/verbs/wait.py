"""wait: until containers have ended."""

from __future__ import annotations

import argparse

from realrun import paths
from realrun.console.each import each
from realrun.containers.registry import Registry


def main(args: argparse.Namespace) -> int:
    """Prints the exit code of each."""
    registry = Registry(paths.root())
    return each(args.container, lambda reference: registry.wait(registry.find(reference)))
