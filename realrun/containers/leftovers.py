"""What watchers that were killed have left: containers that were to go, names that lead nowhere."""

from __future__ import annotations

from realrun.containers import signals
from realrun.containers.record import Container
from realrun.containers.registry import Registry
from realrun.files.workspace import is_held, locked
from realrun.linux import cgroups, freezer


def remove(registry: Registry) -> list[str]:
    """Remove it; returns the names of the containers that have gone."""
    gone = []
    for container in registry.all():
        thaw(registry, container)
        ran = registry.state(container).status != "created"
        if container.auto_remove and ran and not registry.is_watched(container):
            signals.remove(registry, container)
            gone.append(container.name)
    names = registry.folder / "names"
    if names.is_dir():
        with locked(registry.root):
            for link in names.iterdir():
                if not (registry.folder / link.readlink()).is_dir():
                    link.unlink()
    return gone


def thaw(registry: Registry, container: Container) -> None:
    """Let a container go on whose `commit` was killed while it stood still."""
    if not is_held(registry.path(container.id) / "upper"):
        freezer.thaw(cgroups.detect(), container.id)
