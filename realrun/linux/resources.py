"""Limits as the OCI runtime specification writes them, for the files of both cgroup versions.

A value that is absent, null or, as in runc, 0 leaves the kernel's default; -1 means no limit. What
one version counts otherwise than the other is converted as runc and crun do.

Sources: OCI runtime-spec, `config-linux.md`, "Control groups"; the kernel's `cgroup-v2.rst` and
`cgroup-v1/`; crun(1), "cgroup v2".
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Mapping
from typing import Any

from realrun.errors import UsageError

Setting = tuple[str, str, str]  # controller, file, text
CPU_V1 = {
    "shares": ("cpu", "cpu.shares"),
    "period": ("cpu", "cpu.cfs_period_us"),
    "burst": ("cpu", "cpu.cfs_burst_us"),
    "quota": ("cpu", "cpu.cfs_quota_us"),
    "realtimePeriod": ("cpu", "cpu.rt_period_us"),
    "realtimeRuntime": ("cpu", "cpu.rt_runtime_us"),
    "idle": ("cpu", "cpu.idle"),
}
RATES = ("read_bps", "write_bps", "read_iops", "write_iops")  # of a container; in order:
THROTTLES = {
    "throttleReadBpsDevice": ("blkio.throttle.read_bps_device", "rbps"),
    "throttleWriteBpsDevice": ("blkio.throttle.write_bps_device", "wbps"),
    "throttleReadIOPSDevice": ("blkio.throttle.read_iops_device", "riops"),
    "throttleWriteIOPSDevice": ("blkio.throttle.write_iops_device", "wiops"),
}


def of(limits: Mapping[str, Any]) -> dict[str, Any]:
    """A container's limits (`runtime.limitwords`) in the words of the specification.

    Raises UsageError for a device that is none of blocks.

    >>> of({"cpu_milli": 1500, "pids": 9})["cpu"]
    {'shares': None, 'cpus': None, 'period': 100000, 'quota': 150000}
    """
    quota = limits.get("cpu_milli", 0) * 100
    throttles = {
        key: [block_device(path) | {"rate": rate} for path, rate in limits[name].items()]
        for name, key in zip(RATES, THROTTLES, strict=True)
        if name in limits
    }
    return {
        "memory": {"limit": limits.get("memory_bytes"), "swap": limits.get("swap_bytes"),
                   "reservation": limits.get("reservation_bytes")},
        "pids": {"limit": limits.get("pids")},
        "cpu": {"shares": limits.get("cpu_shares"), "cpus": limits.get("cpuset"),
                "period": quota and 100_000, "quota": quota},
        "blockIO": {"weight": limits.get("io_weight"), **throttles},
    }  # fmt: skip


def block_device(path: str) -> dict[str, int]:
    """The numbers of a block device."""
    try:
        status = os.stat(path)
    except OSError as error:
        raise UsageError(f"a limit of {path}: {error.strerror}") from None
    if not stat.S_ISBLK(status.st_mode):
        raise UsageError(f"a limit of {path}: it is no block device, such as /dev/vda")
    return {"major": os.major(status.st_rdev), "minor": os.minor(status.st_rdev)}


def settings(version: str, wanted: Mapping[str, Any]) -> list[Setting]:
    """What to write, in this order; `version` is v1, hybrid or v2. Raises UsageError."""
    if version == "v2":
        return [*cpu_v2(wanted.get("cpu", {})), *memory_v2(wanted.get("memory", {})),
                *pids(wanted), *io_v2(wanted.get("blockIO", {})), *cpuset(wanted),
                *huge_pages(wanted, "max"), *unified(wanted)]  # fmt: skip
    if wanted.get("unified"):
        raise UsageError("linux.resources.unified is for cgroup version 2; this machine has not")
    return [*cpu_v1(wanted.get("cpu", {})), *memory_v1(wanted.get("memory", {})),
            *pids(wanted), *blkio_v1(wanted.get("blockIO", {})), *cpuset(wanted),
            *huge_pages(wanted, "limit_in_bytes"),
            *network_v1(wanted.get("network", {}))]  # fmt: skip


def cpuset(wanted: Mapping[str, Any]) -> Iterator[Setting]:
    """Which processors and memory nodes; the same in both versions."""
    for key in ("cpus", "mems"):
        if text := wanted.get("cpu", {}).get(key):
            yield "cpuset", f"cpuset.{key}", text


def pids(wanted: Mapping[str, Any]) -> Iterator[Setting]:
    """How many processes; the same in both versions.

    >>> list(pids({"pids": {"limit": -1}}))
    [('pids', 'pids.max', 'max')]
    """
    limit = wanted.get("pids", {}).get("limit")
    if limit:
        yield "pids", "pids.max", str(limit) if limit > 0 else "max"


def cpu_v1(cpu: Mapping[str, Any]) -> Iterator[Setting]:
    """Shares and quotas; the period before the quota, which is checked against it."""
    for key, (controller, file) in CPU_V1.items():
        if cpu.get(key):
            yield controller, file, str(cpu[key])


def cpu_v2(cpu: Mapping[str, Any]) -> Iterator[Setting]:
    """Shares become a weight, quota and period one line.

    >>> list(cpu_v2({"shares": 1024, "quota": 50000}))
    [('cpu', 'cpu.weight', '39'), ('cpu', 'cpu.max', '50000 100000')]
    """
    if cpu.get("realtimePeriod") or cpu.get("realtimeRuntime"):
        raise UsageError("linux.resources.cpu: cgroup version 2 has no real-time limits")
    if shares := cpu.get("shares"):
        yield "cpu", "cpu.weight", str(1 + (max(2, min(shares, 262144)) - 2) * 9999 // 262142)
    quota, period = cpu.get("quota") or 0, cpu.get("period") or 0
    if quota or period:
        yield "cpu", "cpu.max", f"{quota if quota > 0 else 'max'} {period or 100000}"
    if cpu.get("burst"):
        yield "cpu", "cpu.max.burst", str(cpu["burst"])
    if cpu.get("idle") is not None:
        yield "cpu", "cpu.idle", str(cpu["idle"])


def memory_v1(memory: Mapping[str, Any]) -> Iterator[Setting]:
    """Memory before memory with swap, which must not be lower."""
    for key, file in (
        ("limit", "memory.limit_in_bytes"),
        ("swap", "memory.memsw.limit_in_bytes"),
        ("reservation", "memory.soft_limit_in_bytes"),
        ("kernelTCP", "memory.kmem.tcp.limit_in_bytes"),
    ):
        if memory.get(key):
            yield "memory", file, str(memory[key])
    if memory.get("swappiness") is not None:
        yield "memory", "memory.swappiness", str(memory["swappiness"])
    if memory.get("disableOOMKiller"):
        yield "memory", "memory.oom_control", "1"


def memory_v2(memory: Mapping[str, Any]) -> Iterator[Setting]:
    """Swap is counted alone here, with memory in the specification.

    >>> list(memory_v2({"limit": 100, "swap": 300}))
    [('memory', 'memory.max', '100'), ('memory', 'memory.swap.max', '200')]
    """
    limit, swap = memory.get("limit") or 0, memory.get("swap") or 0
    if limit:
        yield "memory", "memory.max", unlimited(limit)
    if swap:
        if swap > 0 and (limit <= 0 or swap < limit):
            raise UsageError("linux.resources.memory: swap includes memory: it takes a lower limit")
        yield "memory", "memory.swap.max", unlimited(swap if swap < 0 else swap - limit)
    if memory.get("reservation"):
        yield "memory", "memory.low", unlimited(memory["reservation"])
    if memory.get("disableOOMKiller"):
        raise UsageError("linux.resources.memory: cgroup version 2 cannot disable the OOM killer")


def unlimited(value: int) -> str:
    """A number, or version 2's word for none."""
    return str(value) if value >= 0 else "max"


def blkio_v1(wanted: Mapping[str, Any]) -> Iterator[Setting]:
    """Weights and throttles of block devices."""
    for key in ("weight", "leafWeight"):
        if wanted.get(key):
            name = "blkio.weight" if key == "weight" else "blkio.leaf_weight"
            yield "blkio", name, str(wanted[key])
    for one in wanted.get("weightDevice", ()):
        for key, file in (("weight", "blkio.weight_device"),
                          ("leafWeight", "blkio.leaf_weight_device")):  # fmt: skip
            if one.get(key):
                yield "blkio", file, f"{one['major']}:{one['minor']} {one[key]}"
    for key, (file, _) in THROTTLES.items():
        for one in wanted.get(key, ()):
            yield "blkio", file, f"{one['major']}:{one['minor']} {one['rate']}"


def io_v2(wanted: Mapping[str, Any]) -> Iterator[Setting]:
    """Weights of 10 to 1000 become weights of 1 to 10000."""
    if wanted.get("weight"):
        yield "io", "io.weight", f"default {io_weight(wanted['weight'])}"
    for one in wanted.get("weightDevice", ()):
        if one.get("weight"):
            place = f"{one['major']}:{one['minor']}"
            yield "io", "io.weight", f"{place} {io_weight(one['weight'])}"
    for key, (_, word) in THROTTLES.items():
        for one in wanted.get(key, ()):
            yield "io", "io.max", f"{one['major']}:{one['minor']} {word}={one['rate']}"


def io_weight(weight: int) -> int:
    """As runc converts them.

    >>> io_weight(10), io_weight(1000)
    (1, 10000)
    """
    return 1 + (weight - 10) * 9999 // 990


def huge_pages(wanted: Mapping[str, Any], last: str) -> Iterator[Setting]:
    """A limit for each size of page, e.g. `2MB`."""
    for one in wanted.get("hugepageLimits", ()):
        yield "hugetlb", f"hugetlb.{one['pageSize']}.{last}", str(one["limit"])


def network_v1(wanted: Mapping[str, Any]) -> Iterator[Setting]:
    """A class of traffic, and priorities for each interface."""
    if wanted.get("classID"):
        yield "net_cls", "net_cls.classid", str(wanted["classID"])
    for one in wanted.get("priorities", ()):
        yield "net_prio", "net_prio.ifpriomap", f"{one['name']} {one['priority']}"


def unified(wanted: Mapping[str, Any]) -> Iterator[Setting]:
    """Files of version 2 by their own names, also those that we do not know."""
    for file, text in wanted.get("unified", {}).items():
        if "/" in file:
            raise UsageError(f"linux.resources.unified: {file!r} is no name of a file")
        yield file.partition(".")[0], file, text
