"""What killed commands have left of containers: those that were to go, names that lead nowhere,
processes that stand still.

It takes no look at every container: it is as quick with a thousand as with one.
"""

from __future__ import annotations

from realrun.containers import signals
from realrun.containers.pausing import MARK
from realrun.containers.record import CREATED
from realrun.containers.registry import Registry
from realrun.files.workspace import is_held
from realrun.linux import cgroups, freezer
from realrun.runtime import state as instances


def remove(registry: Registry) -> list[str]:
    """Remove it; returns the names of the containers that have gone."""
    thaw(registry)
    gone = []
    for container in registry.going():
        ran = registry.state(container).status != CREATED
        if ran and not registry.is_watched(container):
            signals.remove(registry, container)
            gone.append(container.name)
    registry.free_names()
    return gone


def thaw(registry: Registry) -> None:
    """Let containers go on whose `commit` was killed while they stood still."""
    for name in instances.names(registry.root):
        upper, mark = (registry.path(name) / inner for inner in ("upper", MARK))
        if upper.is_dir() and not is_held(upper) and not mark.exists():
            freezer.thaw(cgroups.detect(), name)
