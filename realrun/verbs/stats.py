"""stats: what containers use of this machine, now and every second anew.

Source: Docker's reference, `docker stats`.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Mapping

from realrun import paths
from realrun.console.listing import lines, short_id
from realrun.containers.counting import Used, cpu_percent, used
from realrun.containers.record import RUNNING, Container
from realrun.containers.registry import Registry
from realrun.errors import NoSuchContainer
from realrun.sizes import shown_size

HEADS = {
    "Container": "CONTAINER",
    "ID": "CONTAINER ID",
    "Name": "NAME",
    "CPUPerc": "CPU %",
    "MemUsage": "MEM USAGE / LIMIT",
    "MemPerc": "MEM %",
    "NetIO": "NET I/O",
    "BlockIO": "BLOCK I/O",
    "PIDs": "PIDS",
}
USUAL = "\t".join(f"{{{{.{name}}}}}" for name in HEADS if name != "Container")
EVERY_S = 1.0
CLEAR = "\033[2J\033[H"
UNITS = ("B", "KiB", "MiB", "GiB", "TiB", "PiB")
Chosen = list[tuple[str, Container]]


def main(args: argparse.Namespace) -> int:
    """With --no-stream once; else until it is interrupted, or the named ones have been removed."""
    registry = Registry(paths.root())
    before = measured(registry, chosen(registry, args))
    while before or not args.container:
        time.sleep(EVERY_S)
        shown = chosen(registry, args, later=True)
        after = measured(registry, shown)
        rows = (row(name, one, before, after[one.id], args.no_trunc) for name, one in shown)
        found = lines(rows, HEADS, USUAL, args.format)
        print(("" if args.no_stream else CLEAR) + "\n".join(found), flush=True)
        if args.no_stream:
            break
        before = after
    return 0


def chosen(registry: Registry, args: argparse.Namespace, later: bool = False) -> Chosen:
    """The containers to show, each with the word for it; `later` one may have been removed."""
    if not args.container:
        everyone = [one for one in registry.all() if args.all or runs(registry, one)]
        return [(short_id(one.id), one) for one in everyone]
    found = []
    for name in args.container:
        try:
            found.append((name, registry.find(name)))
        except NoSuchContainer:
            if not later:
                raise
    return found


def runs(registry: Registry, container: Container) -> bool:
    return registry.state(container).status == RUNNING


def measured(registry: Registry, containers: Chosen) -> dict[str, Used]:
    """What each has used, by its id."""
    return {one.id: used(registry, one) for _, one in containers}


def row(
    name: str, container: Container, before: Mapping[str, Used], now: Used, whole: bool
) -> dict[str, str]:
    """One container's line."""
    limit = now.memory_limit_bytes
    return {
        "Container": name,
        "ID": container.id if whole else short_id(container.id),
        "Name": container.name,
        "CPUPerc": f"{cpu_percent(before.get(container.id, Used()), now):.2f}%",
        "MemUsage": f"{binary_size(now.memory_bytes)} / {binary_size(limit)}",
        "MemPerc": f"{now.memory_bytes / limit * 100 if limit else 0:.2f}%",
        "NetIO": f"{shown_size(now.received_bytes)} / {shown_size(now.sent_bytes)}",
        "BlockIO": f"{shown_size(now.read_bytes)} / {shown_size(now.written_bytes)}",
        "PIDs": str(now.tasks),
    }


def binary_size(size_bytes: int) -> str:
    """A size in powers of 1024. Source: `BytesSize` of docker/go-units.

    >>> binary_size(0), binary_size(602112), binary_size(25_275_000_000)
    ('0B', '588KiB', '23.54GiB')
    """
    value, number = float(size_bytes), 0
    while value >= 1024 and number < len(UNITS) - 1:
        value, number = value / 1024, number + 1
    return f"{value:.4g}{UNITS[number]}"
