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

ROOT is `$REALRUN_ROOT`, else `/var/lib/realrun` for root and
`$XDG_DATA_HOME/realrun` (`~/.local/share/realrun`) for everybody else.
"""

from __future__ import annotations

import os
from pathlib import Path


def root() -> Path:
    """The engine's root folder; it need not exist yet."""
    if chosen := os.environ.get("REALRUN_ROOT"):
        return Path(chosen).absolute()
    if os.geteuid() == 0:
        return Path("/var/lib/realrun")
    data_home = os.environ.get("XDG_DATA_HOME") or os.path.expanduser("~/.local/share")
    return Path(data_home) / "realrun"
