"""pause, unpause: all processes of a container stand still, and go on. Of a guest it is its monitor
that stands still, and with it the machine.

A file marks a container that is to stand still, for one that merely does is a leftover of a killed
command, which `prune` lets go on.
"""

from __future__ import annotations

from realrun.containers.counting import processes_of
from realrun.containers.record import Container
from realrun.containers.registry import Registry
from realrun.errors import RealRunError, UsageError
from realrun.linux import cgroups, freezer

MARK = "paused"


class Paused(RealRunError):
    """Nothing can be done in it."""


def pause(registry: Registry, container: Container) -> None:
    """Raises UsageError for one that does not run or is paused, and where there is no freezer."""
    here, mark = cgroups.detect(), registry.path(container.id) / MARK
    with registry.turn(container):
        processes_of(registry, container)
        if mark.exists():
            raise UsageError(f"container {container.name} is paused already")
        try:
            stopped = freezer.stop(here, container.id, lambda: processes_of(registry, container))
            if stopped:
                mark.touch()
        except BaseException:
            freezer.thaw(here, container.id)
            raise
    if not stopped:
        raise UsageError(
            f"container {container.name} has no control group to be frozen in: that takes root, or"
            " a delegated one and a limit (README.md)"
        )


def unpause(registry: Registry, container: Container) -> None:
    """Raises UsageError for one that is not paused."""
    if not registry.state(container).paused:
        raise UsageError(f"container {container.name} is not paused")
    resume(registry, container)


def resume(registry: Registry, container: Container) -> None:
    """Let it go on, if it is paused."""
    if registry.state(container).paused:
        (registry.path(container.id) / MARK).unlink(missing_ok=True)
        freezer.thaw(cgroups.detect(), container.id)


def check(registry: Registry, container: Container) -> None:
    """Refuse what needs its processes to move."""
    if registry.state(container).paused:
        name = container.name
        raise Paused(f"container {name} is paused; `realrun unpause {name}` lets it go on")
