"""oci: be an OCI runtime. Everything else is loaded once we are where nobody can write to us."""

from __future__ import annotations

import argparse
from importlib import import_module

from realrun.linux.ownbinary import protect

MAKERS = ("create", "run", "exec")  # who makes processes that a container's could look at


def main(args: argparse.Namespace) -> int:
    """Carry out one action."""
    if args.action in MAKERS:
        protect()
    return int(import_module("realrun.oci.command").main(args))
