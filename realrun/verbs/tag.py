"""tag: one more name for an image."""

from __future__ import annotations

import argparse

from realrun.image import Store


def main(args: argparse.Namespace) -> int:
    """Prints nothing, as Docker does."""
    Store().tag(args.image, args.new)
    return 0
