"""ps: the containers that run, or all of them.

Source: Docker's reference, `docker ps`.
"""

from __future__ import annotations

import argparse
import re
import time
from functools import cache, partial
from typing import Any

from realrun import paths
from realrun.console import filters, listing
from realrun.console.gowords import quoted
from realrun.console.listing import SHORT_ID, duration, short_id, shortened
from realrun.console.options import shown_size
from realrun.containers import describe
from realrun.containers.moments import seconds
from realrun.containers.record import CREATED, RUNNING, Container, State
from realrun.containers.registry import Registry
from realrun.image import Store
from realrun.image import reference as references

HEADS = {
    "ID": "CONTAINER ID",
    "Image": "IMAGE",
    "Command": "COMMAND",
    "CreatedAt": "CREATED AT",
    "RunningFor": "CREATED",
    "Ports": "PORTS",
    "State": "STATE",
    "Status": "STATUS",
    "Size": "SIZE",
    "Names": "NAMES",
    "Labels": "LABELS",
    "Mounts": "MOUNTS",
    "LocalVolumes": "LOCAL VOLUMES",
    "Networks": "NETWORKS",
    "Isolation": "ISOLATION",
}
USUAL = "{{.ID}}\t{{.Image}}\t{{.Command}}\t{{.RunningFor}}\t{{.Status}}\t{{.Ports}}\t{{.Names}}"
RAW = """container_id: {{.ID}}
image: {{.Image}}
command: {{.Command}}
created_at: {{.CreatedAt}}
state: {{- pad .State 1 0}}
status: {{- pad .Status 1 0}}
names: {{.Names}}
labels: {{- pad .Labels 1 0}}
ports: {{- pad .Ports 1 0}}
"""
COMMAND_LENGTH, MOUNT_LENGTH = 20, 15


def main(args: argparse.Namespace) -> int:
    """A line a container, the newest first."""
    registry = Registry(paths.root())
    wanted = filters.parsed(args.filter, filters.OF_CONTAINERS)
    usual, raw = USUAL + "\t{{.Size}}" * args.size, RAW + "size: {{.Size}}\n" * args.size
    asked = {"raw": raw}.get(args.format, args.format)
    if args.quiet and asked in ("", "table", raw):
        asked = "{{.ID}}"
    sizes = args.size or ".Size" in asked or bool(re.search(r"json\s+\.\W", asked))
    found = chosen(registry, args, wanted)
    row = partial(row_of, Shown(registry, time.time(), args.no_trunc, sizes))
    for line in listing.lines((row(*one) for one in found), HEADS, usual, asked):
        print(line)
    return 0


def chosen(
    registry: Registry, args: argparse.Namespace, wanted: filters.Wanted
) -> list[tuple[Container, State]]:
    """The containers to show, the newest first."""
    most = 1 if args.latest else args.last
    everyone = args.all or most > 0 or "status" in wanted
    fits = filters.container_filter(registry, wanted)
    found = []
    for one in registry.all(watched=not everyone):
        state = registry.state(one)
        if (everyone or state.status == RUNNING) and fits(one, state):
            found.append((one, state))
        if len(found) == most > 0:
            break
    return found


class Shown:
    """What all rows need to know."""

    def __init__(self, registry: Registry, now_s: float, whole: bool, sizes: bool) -> None:
        self.registry, self.now_s, self.whole, self.sizes = registry, now_s, whole, sizes
        self.image_bytes = cache(describe.image_bytes)
        self.names = {image.reference: image.image_id for image in Store(registry.root).images()}


def row_of(shown: Shown, container: Container, state: State) -> dict[str, Any]:
    """One container; `Label` is a method."""
    whole, created_s = shown.whole, seconds(container.created)
    mounts = [one for one in container.spec.mounts if one.kind != "tmpfs"]
    places = [one.source for one in mounts]
    return {
        "ID": container.id if whole else short_id(container.id),
        "Image": image_of(shown, container),
        "Command": quoted(command_of(container, whole)),
        "CreatedAt": time.strftime("%Y-%m-%d %H:%M:%S +0000 UTC", time.gmtime(created_s)),
        "RunningFor": duration(shown.now_s - created_s) + " ago",
        "Ports": "",
        "State": state.shown,
        "Status": status(state, shown.now_s),
        "Size": size_of(shown, container),
        "Names": container.name,
        "Labels": ",".join(f"{key}={value}" for key, value in sorted(container.labels.items())),
        "Mounts": ",".join(p if whole else shortened(p, MOUNT_LENGTH) for p in places),
        "LocalVolumes": str(sum(one.kind == "volume" for one in mounts)),
        "Networks": container.spec.network,
        "Isolation": container.spec.isolation,
        "Label": lambda name: container.labels.get(name, ""),
    }


def image_of(shown: Shown, container: Container) -> str:
    """As it was asked for, as long as that still means this image; else the image's id."""
    asked, image_id = container.image, container.image_id
    by_name = references.is_name(asked) and shown.names.get(references.normal(asked)) == image_id
    digits = references.id_prefix(asked)
    by_id = digits is not None and image_id.startswith("sha256:" + digits)
    if by_name or (by_id and len(str(digits)) < SHORT_ID):
        return asked
    return image_id if shown.whole else short_id(image_id)


def command_of(container: Container, whole: bool) -> str:
    """What it runs, in one line; an argument with a blank in it stands in quotes."""
    program, *args = container.spec.argv
    words = " ".join([program, *(f"'{word}'" if " " in word else word for word in args)])
    return words if whole else shortened(words, COMMAND_LENGTH)


def size_of(shown: Shown, container: Container) -> str:
    """What it has written, and that with its image; 0 if nobody has asked."""
    if not shown.sizes:
        return "0B"
    written = describe.written_bytes(shown.registry, container.spec)
    virtual = written + shown.image_bytes(container.spec.layers)
    return f"{shown_size(written)} (virtual {shown_size(virtual)})"


def status(state: State, now_s: float) -> str:
    """In Docker's words. Source: moby, `container.State.String`."""
    if state.status == CREATED:
        return "Created"
    if state.status == RUNNING:
        return "Up " + duration(now_s - seconds(state.started)) + " (Paused)" * state.paused
    return f"Exited ({state.exit_code}) {duration(now_s - seconds(state.finished))} ago"
