"""Where the engine keeps things: one root folder, everything below it.

    ROOT/image/        the OCI image layout (blobs, index.json)
    ROOT/layers/       layers unpacked once, by diff id, the lower directories of overlay
    ROOT/containers/ID/ one container: what was settled, its writable layer, its log, its state
    ROOT/instances/ID/ one of them while it runs (or a step of a build): what has to be undone
    ROOT/volumes/NAME/ directories that outlive containers
    ROOT/guest/        disks and initial ram disks for guests, by digest
    ROOT/tools/        unpacked packages: QEMU, kernels, busybox
    ROOT/cache/        what a build step gave, so that it need not be carried out again
    ROOT/tmp/          half-made things; a folder here that nobody has locked is nobody's
    ROOT/lock          held for moments: changes of the index, making and removing folders
    ROOT/machine.json  what a probe of this machine found
    ROOT/version       of all the above, one number: another version's ROOT is left alone

ROOT is `$REALRUN_ROOT`, else `/var/lib/realrun` for root and
`$XDG_DATA_HOME/realrun` (`~/.local/share/realrun`) for everybody else.
"""

from __future__ import annotations

import os
from pathlib import Path

from realrun.errors import RealRunError

VERSION = 1  # of everything below ROOT: the next one when an older engine would misread it


def root() -> Path:
    """The engine's root folder; it need not exist yet. Raises RealRunError if it is another
    version's."""
    folder = place()
    is_ours(folder)
    return folder


def place() -> Path:
    """Where it is."""
    if chosen := os.environ.get("REALRUN_ROOT"):
        return Path(chosen).absolute()
    if os.geteuid() == 0:
        return Path("/var/lib/realrun")
    data_home = os.environ.get("XDG_DATA_HOME") or os.path.expanduser("~/.local/share")
    return Path(data_home) / "realrun"


def is_ours(folder: Path) -> bool:
    """Does it carry our version; False while it has none."""
    try:
        with open(f"{folder}/version", "rb", buffering=0) as file:
            found = file.read(100).decode("utf-8", "replace").strip()
    except FileNotFoundError:
        return False
    if found != str(VERSION):
        raise RealRunError(
            f"{folder} is of version {found!r} of realrun's files, and this realrun knows"
            f" {VERSION}: use the realrun that made it, or another folder by REALRUN_ROOT"
        )
    return True
