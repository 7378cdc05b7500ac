"""base: an image to build FROM, made of what this system has, where there is no registry."""

from __future__ import annotations

import argparse

from realrun.guest import tools
from realrun.image import Store
from realrun.image.base import make_base_busybox


def main(args: argparse.Namespace) -> int:
    """Make the base image and print its id."""
    image = make_base_busybox(Store(), tools.need(args.name).path)
    print(f"{image.reference} {image.image_id}")
    return 0
