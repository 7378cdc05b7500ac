"""What a container has changed of its image's files: `diff`, and what `commit` puts on top."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from realrun.containers import guests
from realrun.containers.record import Container
from realrun.containers.registry import Registry
from realrun.engine import GUESTS
from realrun.files.workspace import workspace
from realrun.image.changes import Change, changes
from realrun.image.merged import make_upper
from realrun.image.tarread import TarReader
from realrun.image.unlike import unpack_unlike
from realrun.linux import idmaps
from realrun.runtime.ownfiles import init_layer, make_init_layers
from realrun.runtime.rootsteps import shifted


def changes_of(registry: Registry, container: Container) -> list[Change]:
    """What it has changed; what the engine mounts on lies below the image, so it never shows."""
    with writable_layer(registry, container) as seen:
        return changes([Path(layer) for layer in container.spec.layers], seen)


@contextmanager
def writable_layer(
    registry: Registry, container: Container, still: bool = False
) -> Iterator[Path]:  # fmt: skip
    """Its writable layer, with the owners that it sees; of a guest, made of all of its files.

    `still`: nobody may be changing it, says a guest that runs (`guests.visit`).
    """
    spec = container.spec
    if spec.isolation not in GUESTS:
        upper = registry.path(container.id) / "upper"
        with idmaps.from_inside(upper, *shifted(spec)) as seen:
            yield seen
        return
    make_init_layers(registry.root)
    layers, init = list(map(Path, spec.layers)), Path(init_layer(registry.root, False))
    with (
        guests.visit(registry, container, "send_all", {}, "rb", mounts=False, still=still) as files,
        workspace(registry.root, "changed") as scratch,
    ):
        upper = make_upper(scratch / "upper", layers[-1])
        unpack_unlike(TarReader(files.read), layers, init, upper)
        yield upper
