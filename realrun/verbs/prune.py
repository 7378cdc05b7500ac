"""prune: remove what killed commands left behind, and what no image needs."""

from __future__ import annotations

import argparse

from realrun import paths
from realrun.build import cache
from realrun.containers import leftovers
from realrun.containers.registry import Registry
from realrun.guest import disk
from realrun.image import Store
from realrun.runtime import state, volumes


def main(_: argparse.Namespace) -> int:
    """Prints what went."""
    root = paths.root()
    instances = state.prune(root)
    registry, store = Registry(root), Store(root)
    containers = leftovers.remove(registry)
    volumes.settle(root)
    unused = store.prune(state.layers_in_use(root), registry.images_in_use)
    images = [*unused, *cache.prune(store)]
    there = [image.digest for image in store.images()]
    images += disk.prune(root, there, registry.images_in_use)
    for name in instances:
        print(f"instance {name[:12]}")
    for name in containers:
        print(f"container {name}")
    for line in images:
        print(line)
    if not instances and not containers and not images:
        print("nothing was left behind")
    return 0
