"""The birth certificate of a table: which machine, which versions, in what state."""

from __future__ import annotations

import datetime
import hashlib
import os
import platform
import re
import sys
from pathlib import Path
from typing import Any

import realrun
from realrun.guest import tools
from realrun.linux import cgroups, play
from realrun.runtime import rootsteps

LAPTOPS = {"microsoft": "Windows' WSL 2", "linuxkit": "Docker Desktop's"}  # in a kernel's release
CLOCKS = {"kvm-clock": "KVM", "hyperv_clocksource": "Hyper-V", "xen": "Xen"}


def machine_id() -> str:
    """A short id that tells machines apart without naming them."""
    source = Path("/etc/machine-id")
    known = source.read_text(encoding="utf-8") if source.exists() else ""
    seed = f"{known.strip()} {cpu_model()} {os.cpu_count()} {memory_mib()}"
    return hashlib.sha256(seed.encode()).hexdigest()[:8]


def cpu_model() -> str:
    """The processor's name."""
    text = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace")
    found = re.search(r"^(?:model name|Processor|Model)\s*:\s*(.+)$", text, re.M)
    return found[1].strip() if found else platform.machine()


def meminfo_mib(key: str) -> float:
    """One line of /proc/meminfo, MiB."""
    with open("/proc/meminfo", encoding="utf-8") as file:
        for line in file:
            if line.startswith(f"{key}:"):
                return int(line.split()[1]) / 1024
    return 0.0


def memory_mib() -> int:
    """The machine's memory, MiB."""
    return round(meminfo_mib("MemTotal"))


def hypervisor() -> str:
    """What this machine itself runs under; `none` on bare metal.

    The kernel's release says it, the product's name, or the clock that the hypervisor offers. On
    x86 a processor tells that there is one (CPUID.1:ECX.31); others do not.
    """
    release = os.uname().release.lower()
    if found := [name for word, name in LAPTOPS.items() if word in release]:
        return found[0]
    text = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace")
    if not re.search(r"^(flags|Features)\s*:.*\bhypervisor\b", text, re.M):
        return "none"
    clocks = told("/sys/devices/system/clocksource/clocksource0/available_clocksource")
    named = [name for clock, name in CLOCKS.items() if clock in clocks]
    return told("/sys/class/dmi/id/product_name") or "".join(named) or "yes, unnamed"


def told(path: str) -> str:
    """What a small file of the kernel's says; nothing if there is none."""
    try:
        return Path(path).read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return ""


def mitigations() -> dict[str, str]:
    """What the kernel does against the processor's leaks; what does not concern it left out."""
    folder = Path("/sys/devices/system/cpu/vulnerabilities")
    found = {path.name: told(str(path)) for path in sorted(folder.glob("*"))}
    return {name: text for name, text in found.items() if text != "Not affected"}


def versions() -> dict[str, str]:
    """The packages that guests are made of, as far as we unpacked them, and kernels by name."""
    found = {}
    for name in ("qemu", "kernel", "uml", "busybox"):
        tool = tools.find(name)
        if tool is None:
            continue
        listing = tool.prefix / "packages.txt" if tool.prefix else None
        packages = listing.read_text(encoding="utf-8").split() if listing else []
        own = [package for package in packages if not package.startswith("lib")]
        found[name] = " ".join(own) or tool.path.name
    return found


def now() -> str:
    """A name for what begins now."""
    return datetime.datetime.now(datetime.UTC).strftime("%Y%m%dT%H%M%SZ")


def certificate(
    command: str, seed: int, skipped: dict[str, str], failed: list[str], session: str = ""
) -> dict[str, Any]:
    """Everything but the table's name."""
    return {
        "recorded_utc": datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "command": command,
        "seed": seed,
        "machine": machine_id(),
        "cpu_model": cpu_model(),
        "cores": len(os.sched_getaffinity(0)),
        "memory_mib": memory_mib(),
        "kernel": f"{os.uname().sysname} {os.uname().release} {os.uname().machine}",
        "hypervisor": hypervisor(),
        "mitigations": mitigations(),
        "governor": told("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor") or "none",
        "clock": told("/sys/devices/system/clocksource/clocksource0/current_clocksource"),
        "huge_pages": told("/sys/kernel/mm/transparent_hugepage/enabled"),
        "cgroup": cgroups.detect().version,
        "rootless": rootsteps.rootless(),
        "python": f"{platform.python_implementation()} {sys.version.split()[0]}",
        "realrun": realrun.__version__,
        "starts_by": "C" if play.library() else "Python",
        "versions": versions(),
        "cache": "hot, where a table does not say otherwise: every file had been read before",
        "load_1min": round(os.getloadavg()[0], 2),
        "skipped": skipped,
        "failed": failed,
        "session": session or now(),
        "stopped": {},
    }
