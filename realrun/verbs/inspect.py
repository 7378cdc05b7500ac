"""inspect: everything about images, as JSON."""

from __future__ import annotations

import argparse
import json

from realrun.image import Store
from realrun.image.describe import inspect


def main(args: argparse.Namespace) -> int:
    """A JSON list with one object an image; nothing if one of them is not there."""
    store = Store()
    print(json.dumps([inspect(store, reference) for reference in args.image], indent=4))
    return 0
