"""restart: stop containers that run, and start them; those that do not run are started."""

from __future__ import annotations

import argparse

from realrun import paths
from realrun.console.each import each
from realrun.containers import keeper, signals
from realrun.containers.registry import Registry
from realrun.errors import UsageError


def main(args: argparse.Namespace) -> int:
    """Prints what runs again, in the background."""
    registry = Registry(paths.root())

    def restart(reference: str) -> None:
        container = registry.find(reference)
        if container.auto_remove and registry.is_watched(container):
            raise UsageError(
                f"container {container.name} is removed when it ends (--rm); start another one"
            )
        signals.stop(registry, container, args.time)
        keeper.detach(registry, container)

    return each(args.container, restart)
