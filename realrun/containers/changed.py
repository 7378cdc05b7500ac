"""What a container has changed of its image's files: `diff`."""

from __future__ import annotations

from pathlib import Path

from realrun.containers.record import Container
from realrun.containers.registry import Registry
from realrun.containers.visits import refuse_guests
from realrun.image.changes import Change, changes


def changes_of(registry: Registry, container: Container) -> list[Change]:
    """What it has changed; what the engine mounts on lies below the image, so it never shows."""
    refuse_guests(container)
    layers = [Path(layer) for layer in container.spec.layers]
    return changes(layers, registry.path(container.id) / "upper")
