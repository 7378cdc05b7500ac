"""save: images become one archive that Docker, Podman and skopeo read.

Source: docs.docker.com, `docker image save`.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from realrun.errors import UsageError
from realrun.files.output import passed_on, whole_file
from realrun.image import Store
from realrun.image.save import save


def main(args: argparse.Namespace) -> int:
    """To the file after -o, else to the output unless that is a terminal."""
    store = Store()
    target = Path(args.output) if args.output else None
    if target is None and sys.stdout.isatty():
        raise UsageError(
            "an archive is nothing for a terminal; give -o FILE or redirect the output"
        )
    if target is not None and (target.is_file() or not target.exists()):
        with whole_file(target.resolve()) as out:
            save(store, args.image, out, args.format)
        return 0
    with store.workspace("save") as scratch:
        sink = open(target, "wb") if target else sys.stdout.buffer  # noqa: SIM115
        with sink, passed_on(sink, scratch) as out:
            save(store, args.image, out, args.format)
    return 0
