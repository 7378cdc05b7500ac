"""rmi: remove images by name or id."""

from __future__ import annotations

import argparse

from realrun.image import Store
from realrun.runtime.state import layers_in_use


def main(args: argparse.Namespace) -> int:
    """Prints what went, as Docker does."""
    store = Store()
    for reference in args.image:
        print("\n".join(store.remove(reference, keep=layers_in_use(store.root))))
    return 0
