"""import: a root file system in an archive becomes an image (`import` is a word of Python's own).

Source: docs.docker.com, `docker image import`.
"""

from __future__ import annotations

import argparse

from realrun.build.changing import settings_of
from realrun.console.incoming import incoming
from realrun.errors import BadImage
from realrun.image import Store
from realrun.image.importing import import_root
from realrun.image.reference import normal


def main(args: argparse.Namespace) -> int:
    """Prints the id of the new image."""
    name = normal(args.name) if args.name else None
    config = settings_of(args.change) if args.change else {}
    comment = args.message or f"Imported from {args.file}"
    try:
        with incoming(args.file) as stream:
            image = import_root(Store(), stream, name, comment, config)
    except BadImage as error:
        where = "standard input" if args.file == "-" else args.file
        raise BadImage(f"{where}: {error}") from error
    print(image.image_id)
    return 0
