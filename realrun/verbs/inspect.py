"""inspect: everything about containers, images and volumes, as JSON or as a template says.

Source: Docker's reference, `docker inspect`.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Mapping
from typing import Any

from realrun import paths
from realrun.console.gowords import NilList, NilMap, Struct, TemplateError, to_json
from realrun.console.template import Template
from realrun.containers import describe
from realrun.containers.registry import Registry
from realrun.errors import NoSuchContainer, NoSuchImage, NoSuchVolume, RealRunError, UsageError
from realrun.image import Store
from realrun.image import describe as image_describe
from realrun.runtime import volumes

# What Go has as maps, whose keys are free, and as pointers, which may lead nowhere.
MAPS = ("Data", "ExposedPorts", "Labels", "Networks", "Options", "Ports", "Tmpfs", "Volumes")
POINTERS = ("PidsLimit",)
# What a template may ask for even where JSON leaves it out.
ABSENT: dict[str, dict[str, Any]] = {
    "State": {"Health": None},
    "HostConfig": {"Tmpfs": NilMap(), "Init": None},
    "Config": {"StopSignal": "", "StopTimeout": None, "Healthcheck": None, "Shell": NilList()},
}
KINDS = ("container", "image", "volume")
BAD_TEMPLATE = 64  # Docker's exit code


def main(args: argparse.Namespace) -> int:
    """Exit code 1 if one was not found."""
    if args.type not in (None, *KINDS):
        raise UsageError(f"--type is one of {', '.join(KINDS)}; got {args.type!r}")
    return tell(args, lambda name: look(name, args.type, args.size))


def tell(args: argparse.Namespace, look: Callable[[str], dict[str, Any]]) -> int:
    """A JSON list, or a line for each that was found; exit code 1 if one was not."""
    template = parsed(args.format) if args.format not in ("", "json") else None
    found, lines, failed = [], [], 0
    for name in args.name:
        try:
            found.append(look(name))
            if template:
                lines.append(template(structured(found[-1])))
        except RealRunError as error:
            failed = 1
            print(f"realrun: {error}", file=sys.stderr)
    if template:
        print(*lines, sep="\n")
    elif args.format:
        print(to_json(found))
    else:
        print(to_json(found, indent=4))
    return failed


def parsed(text: str) -> Template:
    """The template, if it is one."""
    try:
        return Template(text)
    except TemplateError as error:
        error.code = BAD_TEMPLATE
        raise


def look(name: str, kind: str | None, sizes: bool) -> dict[str, Any]:
    """The container, image or volume of that name, in this order."""
    from realrun.verbs.volume import described

    registry = Registry(paths.root())
    ways: dict[str, Callable[[], dict[str, Any]]] = {
        "container": lambda: describe.inspect(registry, registry.find(name), sizes),
        "image": lambda: image_describe.inspect(Store(registry.root), name),
        "volume": lambda: described(volumes.find(registry.root, name)),
    }
    if kind:
        return ways[kind]()
    why = {}
    for way, found in ways.items():
        try:
            return found()
        except (NoSuchContainer, NoSuchImage, NoSuchVolume, UsageError) as error:
            why[way] = error
    raise RealRunError(f"no container or volume {name!r} here, and {why['image']}")


def structured(value: Any, name: str = "") -> Any:
    """As Docker's own Go types have it: a template can ask a map for any key, the rest not."""
    if isinstance(value, Mapping):
        inner = {key: structured(one, key) for key, one in value.items()}
        if name in MAPS:
            return dict(sorted(inner.items()))  # as Go ranges over one and writes it
        made = Struct(inner)
        made.absent = ABSENT.get(name, {})
        return made
    if value is None and name not in POINTERS:
        return NilMap() if name in MAPS else NilList()
    return [structured(one) for one in value] if isinstance(value, list) else value
