"""start: run containers that were created or have ended."""

from __future__ import annotations

import argparse

from realrun import paths
from realrun.console import sinks
from realrun.console.each import each
from realrun.containers import keeper, watching
from realrun.containers.registry import Registry
from realrun.errors import RealRunError, UsageError
from realrun.runtime.watch import Watch


def main(args: argparse.Namespace) -> int:
    """Prints what was started; with -a or -i stays, and returns the program's exit code."""
    registry = Registry(paths.root())
    if args.attach or args.interactive:
        if len(args.container) > 1:
            raise UsageError("start -a and -i take one container; start the others without")
        return attached(registry, args.container[0], args.interactive)

    def start(reference: str) -> None:
        container = registry.find(reference)
        if not registry.is_watched(container):
            keeper.detach(registry, container)

    return each(args.container, start)


def attached(registry: Registry, reference: str, interactive: bool) -> int:
    """Run it in the foreground."""
    container = registry.find(reference)
    if registry.is_watched(container):
        raise UsageError(
            f"container {container.name} is running already; `realrun logs -f` follows its output"
        )
    stdin = sinks.our_input(interactive and container.interactive, bool(container.spec.terminal))
    try:
        with Watch() as starter:
            return watching.foreground(registry, container, starter, sinks.out, sinks.err, stdin)
    except RealRunError as error:  # 127 and the like are for `run`
        raise RealRunError(str(error)) from error
