"""What is mounted from outside, where it comes from, and in which order."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from realrun.runtime import ownfiles, volumes
from realrun.runtime.plan import CHILD, Step
from realrun.runtime.spec import Mount, Spec

ROOT = "."  # where the root is made: the child has gone there, as ids of its own may not be able to


def steps(spec: Spec, folder: str) -> list[Step]:
    """What is mounted from outside; by depth, as Docker does, so that nothing covers another."""
    if not spec.mounts:
        return []
    found = [
        one._asdict() | {"source": source, "options": list(one.options)}
        for one, source in sources(spec, folder)
    ]
    ordered = sorted(found, key=lambda one: one["target"].count("/"))
    does = "mount at " + ", ".join(one["target"] for one in ordered)
    return [Step("mounts", does, CHILD, "realrun.runtime.attach:attach",
                 {"root": ROOT, "wanted": ordered})]  # fmt: skip


def sources(spec: Spec, folder: str) -> Iterator[tuple[Mount, str]]:
    """Each mount and the path it comes from; a volume without a name lies in the instance."""
    root, names = Path(folder).parents[1], iter(without_name(spec))
    for one in spec.mounts:
        if one.kind != "volume":
            yield one, one.source
        elif one.source:
            yield one, str(volumes.place(root, one.source) / "_data")
        else:
            yield one, f"{folder}/{next(names)}"


def without_name(spec: Spec) -> list[str]:
    """Folders for the volumes that go with the instance."""
    count = sum(one.kind == "volume" and not one.source for one in spec.mounts)
    return [f"volume-{number}" for number in range(count)]


def init_layer(spec: Spec, folder: str) -> str:
    """The lowest layer, with all that the engine mounts on."""
    root = os.path.dirname(os.path.dirname(folder))
    return ownfiles.init_layer(root, spec.build_step)


def own_names(spec: Spec) -> list[str]:
    """The names of these files."""
    return list(ownfiles.BUILD_FILES if spec.build_step else ownfiles.FILES)


def mount_own_files(spec: Spec, folder: str) -> Step:
    """Over the image's; a mount that is asked for comes after, and may cover them."""
    names, layers = own_names(spec), (init_layer(spec, folder), *spec.layers)
    plain = not spec.uid_map and ownfiles.are_plain(layers, spec.upper, tuple(names))
    args = {
        "root": ROOT,
        "folder": "" if plain else folder,
        "names": names,
        "read_only": spec.read_only or spec.build_step,
    }
    return Step("mount own files", "show them in /etc", CHILD, "mount own files", args)
