"""commit: a new image from what a container has changed."""

from __future__ import annotations

import argparse

from realrun import paths
from realrun.containers.committing import commit
from realrun.containers.registry import Registry


def main(args: argparse.Namespace) -> int:
    """Prints the image's id."""
    registry = Registry(paths.root())
    container = registry.find(args.container)
    texts = (args.author, args.message)
    image = commit(registry, container, args.name, args.change, *texts, args.pause)
    print(image.image_id)
    return 0
