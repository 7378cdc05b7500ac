"""What a container has changed of its image's files: `diff`."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from realrun.containers.record import Container
from realrun.containers.registry import Registry
from realrun.containers.visits import refuse_guests
from realrun.image.changes import Change, changes
from realrun.image.merged import Merged, child

FOR_MOUNTS = ("dev", "proc", "sys")


def changes_of(registry: Registry, container: Container) -> list[Change]:
    """The changes that the container has made; those of the engine are not among them."""
    refuse_guests(container)
    upper = registry.path(container.id) / "upper"
    engines = {Change("A", f"/{name}") for name in made_for_mounts(container, upper)}
    found = changes([Path(layer) for layer in container.spec.layers], upper)
    return [change for change in found if change not in engines]


def made_for_mounts(container: Container, upper: Path) -> list[str]:
    """What the engine has made in `upper` to mount on, as the image has no such directory."""
    root = Merged([Path(layer) for layer in container.spec.layers]).root
    missing = [name for name in FOR_MOUNTS if child(root, name) is None]
    return [name for name in missing if is_empty_directory(upper / name)]


def is_empty_directory(path: Path) -> bool:
    """A link to one is none."""
    try:
        return stat.S_ISDIR(os.lstat(path).st_mode) and not os.listdir(path)
    except FileNotFoundError:
        return False
