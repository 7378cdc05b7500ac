"""A configuration to begin with: an ordinary container, as strict as Docker's default.

Source: OCI runtime-spec, `config.md`; runc-spec(8).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from realrun.linux import mounts
from realrun.linux.capabilities import DOCKER_DEFAULT
from realrun.oci.bundle import VERSION

PATH = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
CLOSED = ["nosuid", "noexec", "nodev"]
MOUNTS = [
    {"destination": "/proc", "type": "proc", "source": "proc"},
    {"destination": "/dev", "type": "tmpfs", "source": "tmpfs",
     "options": ["nosuid", "strictatime", "mode=755", "size=65536k"]},
    {"destination": "/dev/pts", "type": "devpts", "source": "devpts",
     "options": ["nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5"]},
    {"destination": "/dev/shm", "type": "tmpfs", "source": "shm",
     "options": [*CLOSED, "mode=1777", "size=65536k"]},
    {"destination": "/dev/mqueue", "type": "mqueue", "source": "mqueue", "options": CLOSED},
    {"destination": "/sys", "type": "sysfs", "source": "sysfs", "options": [*CLOSED, "ro"]},
    {"destination": "/sys/fs/cgroup", "type": "cgroup", "source": "cgroup",
     "options": [*CLOSED, "relatime", "ro"]},
]  # fmt: skip


def config(argv: Sequence[str]) -> dict[str, Any]:
    """The configuration for one program; the root is `rootfs` in the bundle."""
    rights = [f"CAP_{name}" for name in DOCKER_DEFAULT]
    kinds = ("pid", "network", "ipc", "uts", "mount", "cgroup")
    return {
        "ociVersion": VERSION,
        "process": {
            "user": {"uid": 0, "gid": 0},
            "args": list(argv),
            "env": [PATH, "TERM=xterm"],
            "cwd": "/",
            "capabilities": dict.fromkeys(("bounding", "effective", "permitted"), rights),
            "noNewPrivileges": True,
        },
        "root": {"path": "rootfs", "readonly": False},
        "hostname": "realrun",
        "mounts": MOUNTS,
        "linux": {
            "resources": {"devices": [{"allow": False, "access": "rwm"}]},
            "namespaces": [{"type": kind} for kind in kinds],
            "maskedPaths": mounts.masked(),
            "readonlyPaths": list(mounts.READ_ONLY),
        },
    }
