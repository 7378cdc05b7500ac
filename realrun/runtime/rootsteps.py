"""The steps from the clone to a root file system: who is root there, and what it is made of.

An ordinary user has everything in a user namespace. Root has one if it is asked for; what is inside
may then not go where root's files are, so root stacks them for it (`runtime.mapped`).
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

from realrun.files.rights import is_root
from realrun.linux.idmaps import Range
from realrun.runtime.mountplan import init_layer, own_names, sources
from realrun.runtime.plan import CHILD, ENGINE, Step
from realrun.runtime.spec import Spec

CLONE = "clone"


def rootless() -> bool:
    """Are we anybody but root of this machine: then everything happens in a user namespace."""
    return not is_root()


def remapped(spec: Spec) -> bool:
    """Has root asked for a user namespace."""
    return bool(spec.uid_map) and not rootless()


def own_ids(spec: Spec) -> bool:
    """Is there a user namespace."""
    return bool(spec.uid_map) or rootless()


def clone(own: list[str], does: str, ids: dict[str, Any] | None = None) -> Step:
    """The one step of the kernel's: a child in new namespaces; `ids`: see `runtime.mapped`."""
    chosen = ["user", *own] if ids or rootless() else own
    return Step(CLONE, does, ENGINE, CLONE, {"namespaces": chosen} | ({"ids": ids} if ids else {}))


def maps(spec: Spec) -> dict[str, Any] | None:
    """The maps of a user namespace that others have to write: with the one id we have, we may."""
    return {"uids": spec.uid_map, "gids": spec.gid_map} if spec.uid_map else None


def shifted(spec: Spec) -> tuple[Sequence[Range], Sequence[Range]]:
    """The maps through which a container's files are to be looked at from here."""
    return (spec.uid_map, spec.gid_map) if remapped(spec) else ((), ())


def ids_for(spec: Spec, folder: str) -> dict[str, Any] | None:
    """The same, and what root opens for those inside."""
    found = maps(spec)
    if not found or rootless():
        return found
    given = list(sources(spec, folder))
    own = [f"{folder}/etc/{name}" for name in own_names(spec)]
    stack = {key: text for key, text in overlay(spec, folder).args.items() if key != "rootless"}
    return found | {
            "root": stack,
            "sources": [*own, *(source for one, source in given if one.kind != "tmpfs")],
            "own": [*own, *(source for one, source in given if one.kind == "volume")]}  # fmt: skip


def root_steps(spec: Spec, folder: str) -> list[Step]:
    """The stacked layers; root's own stands ready, and is to be entered before the ids change."""
    if not remapped(spec):
        return [*user_namespace(spec), private_mounts(), overlay(spec, folder)]
    stack = overlay(spec, folder)._replace(
        verb="realrun.runtime.mapped:take_root", args={"target": f"{folder}/root"}
    )
    return [private_mounts(), stack, become_root()]


def become_root() -> Step:
    """Where the ids are mapped by others."""
    return Step("user namespace", "become root inside, and nobody who counts outside", CHILD,
                "realrun.runtime.mapped:become_root")  # fmt: skip


def root_again(spec: Spec) -> list[Step]:
    """Who enters such a user namespace is nobody there at first."""
    return [become_root()] if remapped(spec) else []


def user_namespace(spec: Spec | None = None) -> list[Step]:
    """Without privilege: be root inside a user namespace, and oneself outside."""
    if not rootless():
        return []
    if spec and spec.uid_map:
        return [become_root()]
    return [Step("user namespace", "become root inside, while staying an ordinary user outside",
                 CHILD, "user namespace", {"uid": os.geteuid(), "gid": os.getegid()})]  # fmt: skip


def private_mounts() -> Step:
    """Before any mount: else it would show on the host."""
    return Step("private mounts", "let no mount be seen outside", CHILD, "private mounts")


def overlay(spec: Spec, folder: str) -> Step:
    """The image's layers, read-only, with the writable layer on top."""
    lowest = init_layer(spec, folder)
    return Step("overlay", f"stack the image's {len(spec.layers)} layers and the writable one",
                CHILD, "overlay",
                {"layers": [lowest, *spec.layers], "upper": spec.upper or f"{folder}/upper",
                 "work": f"{folder}/work", "target": f"{folder}/root",
                 "rootless": rootless()})  # fmt: skip
