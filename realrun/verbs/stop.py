"""stop: ask containers to end, and make them if they do not."""

from __future__ import annotations

import argparse

from realrun import paths
from realrun.console.each import each
from realrun.containers import signals
from realrun.containers.registry import Registry


def main(args: argparse.Namespace) -> int:
    """Prints what has ended."""
    registry = Registry(paths.root())
    return each(
        args.container,
        lambda reference: signals.stop(registry, registry.find(reference), args.time),
    )
