"""create: an image, and what was wished for - a container that has not run yet."""

from __future__ import annotations

import argparse

from realrun import paths
from realrun.console.wishes import wishes
from realrun.containers.creating import create
from realrun.containers.registry import Registry


def main(args: argparse.Namespace) -> int:
    """Prints the container's id."""
    print(create(Registry(paths.root()), args.image, wishes(args), args.name).id)
    return 0
