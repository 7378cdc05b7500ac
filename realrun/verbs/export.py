"""export: a container's files as an archive."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from realrun import paths
from realrun.containers import copying
from realrun.containers.registry import Registry
from realrun.errors import UsageError
from realrun.files.output import whole_file


def main(args: argparse.Namespace) -> int:
    """To the output, unless that is a terminal, or to a file: there whole or not at all."""
    registry = Registry(paths.root())
    container = registry.find(args.container)
    if not args.output:
        if sys.stdout.isatty():
            raise UsageError("the archive would go to a terminal; use -o FILE, or redirect it")
        copying.export(registry, container, sys.stdout.buffer)
        return 0
    folder = os.path.dirname(os.path.abspath(args.output))
    if not os.path.isdir(folder):
        raise UsageError(f"invalid output path: directory {folder!r} does not exist")
    with whole_file(Path(args.output)) as out:
        copying.export(registry, container, out)
    return 0
