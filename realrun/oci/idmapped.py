"""Binds that show their files with other owners: `uidMappings` and `gidMappings` of a mount.

To map a mount takes rights over the whole file system, which the child may have lost by then. So
the creator opens such trees before it clones, and the child finds them where they are expected.

Source: OCI runtime-spec, `config.md`, "Mounts", `uidMappings`; mount_setattr(2).
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from realrun.errors import BadBundle
from realrun.linux import idmaps, trees
from realrun.linux.idmaps import Range
from realrun.linux.inroot import held
from realrun.oci.bundle import ID_KEYS, MAPS, Config, get, ranges
from realrun.runtime.mapped import out_of_the_way


def maps_of(config: Config, mount: dict[str, Any], planned: dict[str, Any]) -> list[list[Range]]:
    """The maps of one mount, none if it has none; with the option alone, the container's own.

    Raises BadBundle for one of the two without the other, and for what is no bind.
    """
    given: list[Any] = [mount.get(name) for name in MAPS]
    if planned["idmap"] and not any(given):
        given = [get(config, f"linux.{name}") for name in MAPS]
    if not (planned["idmap"] or any(given)):
        return []
    place = f"config.json: mounts: {mount['destination']}"
    if not planned["bind"]:
        raise BadBundle(f"{place}: only what is bound can have its ids mapped")
    if not all(given):
        raise BadBundle(f"{place}: expected both of {' and '.join(MAPS)}")
    try:
        return [ranges(told) for told in given]
    except (KeyError, TypeError):
        raise BadBundle(f"{place}: a map has numbers for {', '.join(ID_KEYS)}") from None


@contextmanager
def opened(planned: list[dict[str, Any]]) -> Iterator[None]:
    """Have the trees of these mounts at hand for a child that is cloned in the block."""
    mine = []
    try:
        for one in planned:
            if one["maps"]:
                tree = out_of_the_way(trees.cloned_tree(one["path"], one["recursive"]))
                mine.append(tree)
                with held(idmaps.namespace(*one["maps"])) as user:
                    idmaps.map_mount(tree, user, one["path"], one["idmap"] == "ridmap")
                trees.GIVEN[one["source"]] = [tree]
        yield
    finally:
        trees.GIVEN.clear()
        for tree in mine:
            os.close(tree)
