"""pause: let all processes of containers stand still."""

from __future__ import annotations

import argparse

from realrun import paths
from realrun.console.each import each
from realrun.containers import pausing
from realrun.containers.registry import Registry


def main(args: argparse.Namespace) -> int:
    """Prints what stands still."""
    registry = Registry(paths.root())
    return each(args.container, lambda reference: pausing.pause(registry, registry.find(reference)))
