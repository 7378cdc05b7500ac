"""ps: the containers that run, or all of them.

Source: Docker's reference, `docker ps`.
"""

from __future__ import annotations

import argparse
import time

from realrun import paths
from realrun.containers.moments import seconds
from realrun.containers.record import CREATED, RUNNING, Container, State
from realrun.containers.registry import Registry
from realrun.verbs.listing import duration, quoted, short_id, shortened, table

HEADS = ["CONTAINER ID", "IMAGE", "COMMAND", "CREATED", "STATUS", "PORTS", "NAMES"]
COMMAND_LENGTH = 20


def main(args: argparse.Namespace) -> int:
    """A line a container, the newest first."""
    registry = Registry(paths.root())
    found = chosen(registry, args)
    if args.quiet:
        for container, _ in found:
            print(container.id if args.no_trunc else short_id(container.id))
        return 0
    now_s = time.time()
    rows = [row(container, state, now_s, args.no_trunc) for container, state in found]
    print(*table([HEADS, *rows]), sep="\n")
    return 0


def chosen(registry: Registry, args: argparse.Namespace) -> list[tuple[Container, State]]:
    """The containers to show, the newest first."""
    most = 1 if args.latest else args.last
    everyone = registry.all()
    found = [(one, registry.state(one)) for one in (everyone[:most] if most > 0 else everyone)]
    if args.all or most > 0:
        return found
    return [(one, state) for one, state in found if state.status == RUNNING]


def row(container: Container, state: State, now_s: float, whole: bool) -> list[str]:
    """One container."""
    command = quoted(command_of(container, whole))
    return [
        container.id if whole else short_id(container.id),
        container.image,
        command,
        duration(now_s - seconds(container.created)) + " ago",
        status(state, now_s),
        "",
        container.name,
    ]


def command_of(container: Container, whole: bool) -> str:
    """What it runs, in one line; an argument with a blank in it stands in quotes."""
    program, *args = container.spec.argv
    words = " ".join([program, *(f"'{word}'" if " " in word else word for word in args)])
    return words if whole else shortened(words, COMMAND_LENGTH)


def status(state: State, now_s: float) -> str:
    """In Docker's words. Source: moby, `container.State.String`."""
    if state.status == CREATED:
        return "Created"
    if state.status == RUNNING:
        return "Up " + duration(now_s - seconds(state.started))
    return f"Exited ({state.exit_code}) {duration(now_s - seconds(state.finished))} ago"
