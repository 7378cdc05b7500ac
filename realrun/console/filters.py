"""--filter: which containers and images a list shows.

Several values of one key: any of them fits, but of labels all. Several keys: all.

Source: Docker's reference, `docker ps` and `docker images`, "Filtering".
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence

from realrun.containers.record import RUNNING, Container, State
from realrun.containers.registry import Registry
from realrun.errors import NoSuchImage, UsageError
from realrun.image import Image, Store

Wanted = Mapping[str, Sequence[str]]
ContainerFilter = Callable[[Container, State], bool]
OF_CONTAINERS = (
    "ancestor before exited id isolation label name network since status volume"
).split()
STATUSES = ("created", "restarting", "running", "removing", "paused", "exited", "dead")


class BadFilter(UsageError):
    """It is not written as KEY=VALUE; Docker's exit code for a wrong option."""

    code = 125


def parsed(words: Iterable[str], known: Sequence[str]) -> dict[str, list[str]]:
    """The values by key; raises UsageError for a key that is not known.

    >>> parsed(["name=a", "name=b"], ["name"])
    {'name': ['a', 'b']}
    """
    found: dict[str, list[str]] = {}
    for word in words:
        key, equals, value = word.partition("=")
        if not equals:
            raise BadFilter(f"--filter wants KEY=VALUE; got {word!r}")
        key = key.strip().lower()
        if key not in known:
            raise UsageError(f"--filter knows {', '.join(known)}; got {key!r}")
        found.setdefault(key, []).append(value.strip())
    return found


def container_filter(registry: Registry, wanted: Wanted) -> ContainerFilter:
    """Does a container fit all that is wanted."""
    checks = [CHECKS[key](registry, values) for key, values in wanted.items()]
    return lambda container, state: all(fits(container, state) for fits in checks)


def matches(values: Iterable[str], text: str) -> bool:
    """Is the text one of the values, or is one of them a pattern that is found in it."""
    return any(value == text or found(value, text) for value in values)


def found(pattern: str, text: str) -> bool:
    """A pattern that makes no sense is found nowhere."""
    try:
        return re.search(pattern, text) is not None
    except re.error:
        return False


def has_labels(labels: Mapping[str, str], values: Iterable[str]) -> bool:
    """All of them, each NAME or NAME=VALUE."""
    pairs = (value.partition("=") for value in values)
    return all(
        name in labels and (not equals or labels[name] == value) for name, equals, value in pairs
    )


def by_status(registry: Registry, values: Sequence[str]) -> ContainerFilter:
    """created, running, exited."""
    for value in values:
        if value not in STATUSES:
            raise UsageError(f"--filter status is one of {', '.join(STATUSES)}; got {value!r}")
    return lambda container, state: state.shown in values


def by_exit_code(registry: Registry, values: Sequence[str]) -> ContainerFilter:
    """Of those that have run and do not run."""
    for value in values:
        if not re.fullmatch(r"-?[0-9]{1,9}", value):
            raise UsageError(f"--filter exited wants an exit code; got {value!r}")
    codes = [int(value) for value in values]
    return lambda container, state: (
        state.status != RUNNING and bool(state.started) and state.exit_code in codes
    )


def by_time(sign: int) -> Callable[[Registry, Sequence[str]], ContainerFilter]:
    """before (-1) or since (1) another one was created."""

    def make(registry: Registry, values: Sequence[str]) -> ContainerFilter:
        other = registry.find(values[-1]).created
        return lambda container, state: (
            container.created < other if sign < 0 else container.created > other
        )

    return make


def by_ancestor(registry: Registry, values: Sequence[str]) -> ContainerFilter:
    """Made of one of these images, or of one that goes on where one of them ends."""
    store = Store(registry.root)
    images = {image.image_id: image for image in store.images()}
    bases = []
    for value in values:
        try:
            bases.append(store.resolve(value))
        except NoSuchImage:  # as if it had no containers
            continue

    def fits(container: Container, state: State) -> bool:
        own = images.get(container.image_id)
        return any(
            container.image_id == base.image_id or (own is not None and stands_on(own, base))
            for base in bases
        )

    return fits


def stands_on(image: Image, base: Image) -> bool:
    """Do its layers and its history begin with those of the base."""
    if not base.diff_ids or not base.history:
        return False
    layers, steps = len(base.diff_ids), len(base.history)
    return image.diff_ids[:layers] == base.diff_ids and image.history[:steps] == base.history


def by_volume(registry: Registry, values: Sequence[str]) -> ContainerFilter:
    """A volume's name, a directory of this machine, or the place where it is mounted."""
    return lambda container, state: any(
        value in (one.source, one.target) for one in container.spec.mounts for value in values
    )


CHECKS: dict[str, Callable[[Registry, Sequence[str]], ContainerFilter]] = {
    "ancestor": by_ancestor,
    "before": by_time(-1),
    "exited": by_exit_code,
    "id": lambda registry, values: lambda container, state: matches(values, container.id),
    "isolation": lambda registry, values: (
        lambda container, state: container.spec.isolation in values
    ),
    "label": lambda registry, values: lambda container, state: has_labels(container.labels, values),
    "name": lambda registry, values: (
        lambda container, state: (
            matches(values, container.name) or matches(values, f"/{container.name}")
        )
    ),
    "network": lambda registry, values: lambda container, state: container.spec.network in values,
    "since": by_time(1),
    "status": by_status,
    "volume": by_volume,
}
