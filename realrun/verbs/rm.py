"""rm: remove containers, with what they have written."""

from __future__ import annotations

import argparse

from realrun import paths
from realrun.containers import signals
from realrun.containers.registry import Registry
from realrun.verbs.each import each


def main(args: argparse.Namespace) -> int:
    """Prints what has gone."""
    registry = Registry(paths.root())
    return each(
        args.container,
        lambda reference: signals.remove(
            registry, registry.find(reference), args.force, args.volumes
        ),
    )
