"""fetch: get what guests need."""

from __future__ import annotations

import argparse
import sys

from realrun.errors import RealRunError, UsageError
from realrun.guest import fetch, tools


def main(args: argparse.Namespace) -> int:
    """Exit code 1 if something is still missing, with a line each."""
    for name in args.name:
        if name not in (known := [*tools.PACKAGES, "distro"]):
            raise UsageError(f"{name!r} is none of {', '.join(known)}")
    asked = args.name or [*tools.PACKAGES]
    wanted = [name for name in asked if tools.find(name) is None]
    failed = fetch.fetch([name for name in wanted if name in tools.PACKAGES], tell)
    if "distro" in wanted:
        failed |= make_distro()
    for name in asked:
        found = tools.find(name)
        print(f"{name:<8} {found.path if found else 'missing: ' + failed.get(name, 'unknown')}")
    return 1 if failed else 0


def tell(what: str) -> None:
    print(f"fetching {what}", file=sys.stderr)


def make_distro() -> dict[str, str]:
    """The one that is made of packages, rather than unpacked; `distro` -> why not, if so."""
    from realrun import distro
    from realrun.runtime.client import Spawner

    try:
        with Spawner() as starter:
            distro.make(starter, tell)
    except RealRunError as error:
        return {"distro": str(error)}
    return {}
