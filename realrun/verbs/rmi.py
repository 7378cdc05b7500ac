"""rmi: remove images by name or id."""

from __future__ import annotations

import argparse

from realrun.console.each import each
from realrun.containers.registry import Registry
from realrun.image import Store
from realrun.runtime.state import layers_in_use


def main(args: argparse.Namespace) -> int:
    """Prints what went, as Docker does."""
    store = Store()
    registry = Registry(store.root)

    def remove(reference: str) -> str:
        keep = layers_in_use(store.root)
        return "\n".join(store.remove(reference, keep, registry.images_in_use, args.force))

    return each(args.image, remove)
