"""What a container does and uses, and what this runtime can do, for those who ask.

Source: runc-ps(8), runc-events(8), runc-list(8); OCI runtime-spec, `features.md`.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from realrun.linux import capabilities, cgroups, mounts, seccomp
from realrun.oci import groups, mountwords, state
from realrun.oci.bundle import HOOKS, NAMESPACES, VERSION
from realrun.oci.groups import Groups
from realrun.oci.state import STOPPED, Container

USED = {"v1": "memory.usage_in_bytes", "v2": "memory.current"}
MOST = {"v1": "memory.limit_in_bytes", "v2": "memory.max"}


def rows(root: Path) -> list[dict[str, Any]]:
    """All containers, as `list` shows them."""
    found = []
    for name in state.names(root):
        container = state.find(root, name)
        document = container.document()
        owner = Path(container.folder).owner()
        found.append(document | {"rootfs": container.rootfs, "created": container.created,
                                 "owner": owner})  # fmt: skip
    return found


def processes(container: Container) -> list[int]:
    """The numbers of its processes."""
    if container.status == STOPPED or not container.groups:
        return []
    return groups.own_members(container.groups)


def command(pid: int) -> str:
    """The command line of a process, empty if it has ended."""
    try:
        with open(f"/proc/{pid}/cmdline", "rb") as file:
            return file.read().rstrip(b"\0").replace(b"\0", b" ").decode("utf-8", "replace")
    except (FileNotFoundError, ProcessLookupError):
        return ""


def stats(container: Container) -> dict[str, Any]:
    """What it uses, in the words of `runc events --stats`: bytes, nanoseconds, processes."""
    data: dict[str, Any] = {}
    if container.groups:
        data = {"cpu": {"usage": {"total": cpu_ns(container.groups)}},
                "memory": {"usage": memory(container.groups)},
                "pids": {"current": number(container.groups, "pids", "pids.current"),
                         "limit": number(container.groups, "pids", "pids.max")}}  # fmt: skip
    return {"type": "stats", "id": container.id, "data": data}


def cpu_ns(found: Groups) -> int:
    """Processor time of all that was in the group."""
    if found.version == "v1":
        return number(found, "cpuacct", "cpuacct.usage")
    words = cgroups.read_words(f"{found.of('cpu')}/cpu.stat")
    return 1000 * int(dict(zip(words[::2], words[1::2], strict=False)).get("usage_usec", 0))


def memory(found: Groups) -> dict[str, int]:
    """What is charged, and how much may be."""
    return {"usage": number(found, "memory", USED[found.version]),
            "limit": number(found, "memory", MOST[found.version])}  # fmt: skip


def number(found: Groups, controller: str, file: str) -> int:
    """One number of one file; `max` is 0, as in runc."""
    words = cgroups.read_words(f"{found.of(controller)}/{file}")
    return int(words[0]) if words and words[0] != "max" else 0


def features() -> dict[str, Any]:
    """What this runtime can do, before anybody tries."""
    version, _ = groups.here()
    options = {"defaults", "bind", "rbind", *mountwords.IDMAPS, *mounts.OPTIONS,
               *mountwords.OPPOSITES, *mountwords.PROPAGATIONS}  # fmt: skip
    below = {f"r{word}" for word in (*mountwords.BELOW, *mountwords.PROPAGATIONS)}
    return {
        "ociVersionMin": "1.0.0",
        "ociVersionMax": VERSION,
        "hooks": list(HOOKS),
        "mountOptions": sorted(options | below),
        "linux": {
            "namespaces": list(NAMESPACES),
            "capabilities": [f"CAP_{name}" for name in capabilities.NAMES],
            "cgroup": {"v1": version == "v1", "v2": True, "systemd": False, "rdma": False},
            "seccomp": {
                "enabled": os.path.exists("/proc/sys/kernel/seccomp"),
                "actions": list(seccomp.ACTIONS),
                "operators": list(seccomp.OPERATORS),
                "archs": ["SCMP_ARCH_X86_64", "SCMP_ARCH_AARCH64"],
                "knownFlags": list(seccomp.FLAGS),
                "supportedFlags": list(seccomp.FLAGS),
            },
            "apparmor": {"enabled": False},
            "selinux": {"enabled": False},
            "intelRdt": {"enabled": False},
            "mountExtensions": {"idmap": {"enabled": True}},
        },
    }
