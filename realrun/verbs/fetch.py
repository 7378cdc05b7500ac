"""fetch: get what guests need."""

from __future__ import annotations

import argparse
import sys

from realrun.errors import UsageError
from realrun.guest import fetch, tools


def main(args: argparse.Namespace) -> int:
    """Exit code 1 if something is still missing, with a line each."""
    for name in args.name:
        if name not in tools.PACKAGES:
            raise UsageError(f"{name!r} is none of {', '.join(tools.PACKAGES)}")
    wanted = [name for name in args.name or tools.PACKAGES if tools.find(name) is None]
    failed = fetch.fetch(wanted, lambda what: print(f"fetching {what}", file=sys.stderr))
    for name in args.name or tools.PACKAGES:
        found = tools.find(name)
        print(f"{name:<8} {found.path if found else 'missing: ' + failed.get(name, 'unknown')}")
    return 1 if failed else 0
