"""unpause: let containers go on that are paused."""

from __future__ import annotations

import argparse

from realrun import paths
from realrun.console.each import each
from realrun.containers import pausing
from realrun.containers.registry import Registry


def main(args: argparse.Namespace) -> int:
    """Prints what goes on."""
    registry = Registry(paths.root())
    return each(
        args.container, lambda reference: pausing.unpause(registry, registry.find(reference))
    )
