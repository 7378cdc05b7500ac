"""prune: remove what killed commands left behind, and what no image needs."""

from __future__ import annotations

import argparse

from realrun import paths
from realrun.build import cache
from realrun.image import Store
from realrun.runtime import state


def main(_: argparse.Namespace) -> int:
    """Prints what went."""
    root = paths.root()
    instances = state.prune(root)
    store = Store(root)
    images = [*store.prune(keep=state.layers_in_use(root)), *cache.prune(store)]
    for name in instances:
        print(f"instance {name[:12]}")
    for line in images:
        print(line)
    if not instances and not images:
        print("nothing was left behind")
    return 0
