"""Device nodes, made inside a root that may be hostile; light, for the child on its way into it.

Source: OCI runtime-spec, `config-linux.md`, "Devices"; mknod(2).
"""

from __future__ import annotations

import os
import stat
from typing import Any

from realrun.errors import UsageError
from realrun.linux import inroot
from realrun.linux.inroot import held

SPECIAL = {"c": stat.S_IFCHR, "u": stat.S_IFCHR, "b": stat.S_IFBLK, "p": stat.S_IFIFO}


def make_devices(root: str, devices: list[dict[str, Any]], bound: bool) -> None:
    """Nodes as the OCI runtime specification describes them; `bound`: this machine's own, shown.

    In a user namespace nobody may make a node that the kernel would open. What is bound is `source`
    here, or has the same path.
    """
    umask = os.umask(0)
    try:
        with held(inroot.open_root(root)) as top:
            for device in devices:
                if bound:
                    source = device.get("source", device["path"])
                    inroot.bind(top, source, device["path"], (0, 0), recursive=False)
                else:
                    make_device(top, device)
    finally:
        os.umask(umask)


def make_device(top: int, device: dict[str, Any]) -> None:
    """One node; one that is there already has to be the same."""
    folder, name = os.path.split(device["path"])
    kind, mode = SPECIAL[device["type"]], device["fileMode"]
    number = os.makedev(device["major"], device["minor"]) if device["type"] != "p" else 0
    with held(inroot.open_or_make(top, folder, True)) as parent:
        try:
            os.mknod(name, kind | mode, number, dir_fd=parent)
        except FileExistsError:
            found = os.stat(name, dir_fd=parent, follow_symlinks=False)
            if stat.S_IFMT(found.st_mode) != kind or found.st_rdev != number:
                raise UsageError(f"{device['path']} is there already, as something else") from None
        os.chown(name, device["uid"], device["gid"], dir_fd=parent, follow_symlinks=False)
        os.chmod(name, mode, dir_fd=parent)
