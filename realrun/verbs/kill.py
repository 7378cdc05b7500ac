"""kill: send a signal to containers."""

from __future__ import annotations

import argparse

from realrun import paths
from realrun.console.each import each
from realrun.containers import signals
from realrun.containers.registry import Registry
from realrun.linux.signals import number


def main(args: argparse.Namespace) -> int:
    """Prints what the signal was sent to."""
    registry, chosen = Registry(paths.root()), number(args.signal)
    return each(
        args.container,
        lambda reference: signals.kill(registry, registry.find(reference), chosen),
    )
