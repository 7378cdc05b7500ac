"""commit: a container's writable layer becomes an image's top layer.

The container keeps its own. A running one stands still meanwhile, as Docker has it, where there is
a freezer; else what it is just writing may be there in part, and what it removes may be missing.

Source: Docker's documentation, `docker commit`.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

from realrun.build.changing import apply_changes
from realrun.build.evaluate import State
from realrun.containers.changed import writable_layer
from realrun.containers.counting import pids
from realrun.containers.record import Container
from realrun.containers.registry import Registry
from realrun.engine import GUESTS
from realrun.errors import NoSuchImage
from realrun.image import Image, Layer, Store
from realrun.image import config as configs
from realrun.image.layers import Packer, unpack_blob
from realrun.image.patient import Patient
from realrun.image.reference import normal
from realrun.image.tarwrite import END
from realrun.linux import cgroups, freezer


def commit(
    registry: Registry, container: Container, name: str | None, changes: Sequence[str],
    author: str = "", comment: str = "", pause: bool = True,
) -> Image:  # fmt: skip
    """The new image; `changes` are instructions of a Dockerfile. `pause`: nothing moves meanwhile.

    Raises UsageError for a name or an instruction that cannot be, NoSuchImage if the container's
    image has gone.
    """
    if name is not None:
        normal(name)
    state = changed(container, changes)
    store = Store(registry.root)
    base = base_of(store, container)
    with store.workspace("commit") as scratch:
        guest = container.spec.isolation in GUESTS
        with (
            at_rest(registry, container) if pause and not guest else nullcontext(),
            writable_layer(registry, container, still=pause) as seen,
        ):
            layer = written(seen, scratch)
        layers = [*base.stored, *([layer] if layer else [])]
        created = configs.timestamp()
        document = configs.make(
            config=state.config,
            diff_ids=[one.diff_id for one in layers],
            history=[*base.history, story(container, created, author, comment, layer is None)],
            created=created,
            author=author,
        )
        if comment:
            document["comment"] = comment
        return store.add(document, layers, name)


@contextmanager
def at_rest(registry: Registry, container: Container) -> Iterator[None]:
    """Its processes stand still, and one that does not run is not started."""
    with registry.turn(container):
        if registry.state(container).paused:
            yield
            return
        with freezer.frozen(cgroups.detect(), container.id, lambda: pids(container)):
            yield


def base_of(store: Store, container: Container) -> Image:
    """The image that the container was made from, whatever its name is now."""
    try:
        return store.resolve(container.image_digest)
    except NoSuchImage:
        raise NoSuchImage(
            f"the image of container {container.name} ({container.image}) has been removed:"
            " there is nothing to put the layer on"
        ) from None


def changed(container: Container, changes: Sequence[str]) -> State:
    """The container's settings after the instructions."""
    state = State({}, {}, config=copy.deepcopy(dict(container.config)))
    if unnamed := unnamed_volumes(container):
        state.config["Volumes"] = (state.config.get("Volumes") or {}) | unnamed
    apply_changes(state, changes)
    return state


def unnamed_volumes(container: Container) -> dict[str, Any]:
    """Each container of the new image gets such volumes of its own."""
    return {
        mount.target: {} for mount in container.spec.mounts if mount.source in container.volumes
    }


def story(
    container: Container, created: str, author: str, comment: str, empty: bool
) -> dict[str, Any]:
    """The last chapter of the image's history: the container's own command, as Docker has it."""
    told: dict[str, Any] = {
        "created": created,
        "created_by": " ".join(container.config.get("Cmd") or []),
    }
    told |= {key: text for key, text in (("author", author), ("comment", comment)) if text}
    return told | ({"empty_layer": True} if empty else {})


def written(upper: Path, scratch: Path) -> Layer | None:
    """The archive of the writable layer; None if nothing is in it."""
    with open(scratch / "layer", "xb") as out:
        packer = Packer(out)
        Patient(packer, latest=configs.source_date_epoch()).tree(upper)
        diff_id, digest = packer.finish()
    if packer.size == len(END):
        return None
    blob, tree = scratch / "layer", scratch / "tree"
    tree.mkdir()
    tree.chmod(0o755)
    unpack_blob(blob, tree, diff_id)
    return Layer(diff_id=diff_id, digest=digest, size=packer.size, blob=blob, tree=tree)
