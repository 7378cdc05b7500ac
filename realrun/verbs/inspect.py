"""inspect: everything about containers and images, as JSON.

Source: Docker's reference, `docker inspect`.
"""

from __future__ import annotations

import argparse
import json
import sys
from typing import Any

from realrun import paths
from realrun.containers import describe
from realrun.containers.registry import Registry
from realrun.errors import NoSuchContainer, NoSuchImage, RealRunError
from realrun.image import Store
from realrun.image import describe as image_describe


def main(args: argparse.Namespace) -> int:
    """A JSON list with one object for each that was found; exit code 1 if one was not."""
    found, failed = [], 0
    for name in args.name:
        try:
            found.append(look(name, args.type, args.size))
        except RealRunError as error:
            failed = 1
            print(f"realrun: {error}", file=sys.stderr)
    print(json.dumps(found, indent=4, ensure_ascii=False))
    return failed


def look(name: str, kind: str | None, sizes: bool) -> dict[str, Any]:
    """The container or image of that name; a container goes first."""
    registry = Registry(paths.root())
    if kind != "image":
        try:
            return describe.inspect(registry, registry.find(name), sizes)
        except NoSuchContainer:
            if kind == "container":
                raise
    try:
        return image_describe.inspect(Store(registry.root), name)
    except NoSuchImage as error:
        if kind == "image":
            raise
        raise RealRunError(f"no container {name!r} here, and {error}") from None
