"""import: a root file system in an archive becomes an image (`import` is a word of Python's own).

Source: docs.docker.com, `docker image import`.
"""

from __future__ import annotations

import argparse
import sys

from realrun.errors import BadImage, UsageError
from realrun.image import Store
from realrun.image.importing import import_root
from realrun.image.reference import normal


def main(args: argparse.Namespace) -> int:
    """Prints the id of the new image."""
    name = normal(args.name) if args.name else None
    comment = args.message or f"Imported from {args.file}"
    if args.file == "-" and sys.stdin.isatty():
        raise UsageError("no archive comes from a terminal; give a FILE or redirect the input")
    try:
        with sys.stdin.buffer if args.file == "-" else open(args.file, "rb") as stream:
            image = import_root(Store(), stream, name, comment)
    except BadImage as error:
        where = "standard input" if args.file == "-" else args.file
        raise BadImage(f"{where}: {error}") from error
    print(image.image_id)
    return 0
