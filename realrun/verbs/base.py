"""base: an image to build FROM, made of what this system has, where there is no registry."""

from __future__ import annotations

import argparse

from realrun.console.progress import progress
from realrun.image import Store


def main(args: argparse.Namespace) -> int:
    """Make the base image and print its name and id."""
    if args.name == "debian":
        from realrun.debian import make_base_debian
        from realrun.runtime.client import Spawner

        with Spawner() as starter, progress("base debian") as tick:
            image = make_base_debian(Store(), starter, tick)
    else:
        from realrun.guest import tools
        from realrun.image.base import make_base_busybox

        image = make_base_busybox(Store(), tools.need(args.name).path)
    print(f"{image.reference} {image.image_id}")
    return 0
