"""What a container has changed of its image's files: `diff`."""

from __future__ import annotations

from pathlib import Path

from realrun.containers.record import Container
from realrun.containers.registry import Registry
from realrun.containers.visits import refuse_guests
from realrun.errors import RealRunError
from realrun.image.changes import Change, changes

TRIES = 100


def changes_of(registry: Registry, container: Container) -> list[Change]:
    """What it has changed; what the engine mounts on lies below the image, so it never shows.

    Looked at again, if a container that runs takes something away meanwhile.
    """
    refuse_guests(container)
    layers = [Path(layer) for layer in container.spec.layers]
    for _ in range(TRIES):
        try:
            return changes(layers, registry.path(container.id) / "upper")
        except (FileNotFoundError, NotADirectoryError):
            continue
    raise RealRunError(f"container {container.name} changes its files faster than they are read")
