"""demo: the whole road once."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from realrun.console.progress import progress
from realrun.demo import Stage, demo


def main(args: argparse.Namespace) -> int:
    """Exit code 0 also where this machine can do little: the tables say so."""
    stage = Stage(say=lambda line: print(line, file=sys.stderr, flush=True), bar=progress)
    for path in demo(Path(args.out), stage):
        print(path)
    return 0
