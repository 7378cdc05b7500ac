"""Does KVM really work here? A device file proves nothing, so boot once, with a deadline.

The answer is kept in `ROOT/machine.json` for this kernel and this QEMU, and shown by `doctor`.
"""

from __future__ import annotations

import json
import os
import shutil
import time
from pathlib import Path
from typing import Any

from realrun import paths
from realrun.errors import Missing
from realrun.files.workspace import workspace, write_whole
from realrun.guest import tools
from realrun.guest.begin import begin
from realrun.runtime.client import Spawner
from realrun.runtime.run import drive, ignore
from realrun.runtime.spec import Spec

DEADLINE_S = 10.0
DEVICE = Path("/dev/kvm")


def qemu_accelerator() -> str:
    """`kvm` if a guest has booted on it here, else `tcg`."""
    return "kvm" if kvm()["works"] else "tcg"


def kvm() -> dict[str, Any]:
    """Whether KVM boots a guest here (`works`) and `why` we say so."""
    if not DEVICE.exists():
        return {"works": False, "why": "no /dev/kvm"}
    if not os.access(DEVICE, os.R_OK | os.W_OK):
        return {"works": False, "why": "/dev/kvm may not be opened; join the group `kvm`"}
    key = f"{os.uname().release} {tools.need('qemu').path} {tools.need('kernel').path}"
    path = paths.root() / "machine.json"
    if path.exists():
        known = json.loads(path.read_text(encoding="utf-8"))
        if known.get("key") == key:
            return dict(known["kvm"])
    answer = try_kvm()
    with workspace(paths.root(), "probe") as scratch:
        write_whole(path, json.dumps({"key": key, "kvm": answer}, indent=1).encode(), scratch)
    return answer


def try_kvm() -> dict[str, Any]:
    """Boot a guest that says one word."""
    busybox = tools.need("busybox").path
    with workspace(paths.root(), "probe") as layer, Spawner() as starter:
        shutil.copy(busybox, layer / "busybox")
        spec = Spec(
            layers=(str(layer),),
            argv=("/busybox", "echo", "ready"),
            env={},
            isolation="qemu",
            image_digest=f"probe{busybox.stat().st_size}",
        )
        try:
            guest = begin(spec, paths.root(), starter, "kvm", ignore, ignore)
        except Missing as error:
            return {"works": False, "why": str(error)}
        guest.deadline_s = time.monotonic() + DEADLINE_S
        drive([guest], starter)
        guest.close()
    if guest.record.output_ns and not guest.record.failure:
        return {"works": True, "why": "a guest booted on it"}
    return {"works": False, "why": f"present, but no guest booted on it within {DEADLINE_S:.0f} s"}
