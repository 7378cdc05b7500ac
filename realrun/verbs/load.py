"""load: the images of an archive come into the store.

Source: docs.docker.com, `docker image load`.
"""

from __future__ import annotations

import argparse

from realrun.console.incoming import incoming
from realrun.errors import BadImage
from realrun.image import Store
from realrun.image.load import load


def main(args: argparse.Namespace) -> int:
    """From the file after -i, else from the input; says what came, as Docker does."""
    name = args.input or "standard input"
    try:
        with incoming(args.input) as stream:
            images = load(Store(), stream)
    except BadImage as error:
        raise BadImage(f"{name}: {error}") from error
    for image in images:
        named = image.reference != "<none>"
        print(f"Loaded image: {image.reference}" if named else f"Loaded image ID: {image.image_id}")
    return 0
