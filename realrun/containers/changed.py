"""What a container has changed of its image's files: `diff`."""

from __future__ import annotations

from pathlib import Path

from realrun.containers.record import Container
from realrun.containers.registry import Registry
from realrun.containers.visits import refuse_guests
from realrun.image.changes import Change, changes
from realrun.linux import idmaps
from realrun.runtime.rootsteps import shifted


def changes_of(registry: Registry, container: Container) -> list[Change]:
    """What it has changed; what the engine mounts on lies below the image, so it never shows."""
    refuse_guests(container)
    upper, spec = registry.path(container.id) / "upper", container.spec
    with idmaps.from_inside(upper, *shifted(spec)) as seen:
        return changes([Path(layer) for layer in spec.layers], seen)
