"""rm: remove containers, with what they have written."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Iterator

from realrun import paths
from realrun.console.each import each
from realrun.containers import signals
from realrun.containers.registry import Registry
from realrun.errors import NoSuchContainer


def main(args: argparse.Namespace) -> int:
    """Prints what has gone; with -f it is no failure if there was nothing."""
    registry = Registry(paths.root())
    there = list(found(registry, args.container)) if args.force else args.container
    return each(
        there,
        lambda reference: signals.remove(
            registry, registry.find(reference), args.force, args.volumes
        ),
    )


def found(registry: Registry, references: Iterable[str]) -> Iterator[str]:
    """Those that are there; of the others it is told that they are not."""
    for reference in references:
        try:
            registry.find(reference)
            yield reference
        except NoSuchContainer as error:
            print(f"realrun: {error}", file=sys.stderr)
