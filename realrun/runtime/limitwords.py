"""What --memory, --cpus and their like say, in Docker's own words, as the limits of a spec.

The limits by name: `memory_bytes`, `swap_bytes` (memory and swap together, -1 for no limit),
`reservation_bytes`, `pids`, `cpu_milli` (thousandths of a processor), `cpu_shares`, `cpuset` (such
as 0-2,4), `io_weight`, and for block devices `read_bps`, `write_bps`, `read_iops`, `write_iops`
(path -> bytes or operations a second).

Source: Docker's documentation, "Resource constraints" and `docker run`; for the least and the most
of each value the answers of Docker 20.10.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from realrun.errors import UsageError
from realrun.linux import cgroups, resources
from realrun.sizes import size_bytes

LEAST_MEMORY_BYTES = 6 << 20  # of a container, as in Docker
OPTIONS = {
    "memory_bytes": "memory",
    "swap_bytes": "memory_swap",
    "reservation_bytes": "memory_reservation",
    "pids": "pids_limit",
    "cpu_milli": "cpus",
    "cpu_shares": "cpu_shares",
    "cpuset": "cpuset_cpus",
    "io_weight": "blkio_weight",
    "read_bps": "device_read_bps",
    "write_bps": "device_write_bps",
    "read_iops": "device_read_iops",
    "write_iops": "device_write_iops",
}


def option(limit: str) -> str:
    """How a limit is called on the command line.

    >>> option("cpuset")
    '--cpuset-cpus'
    """
    return "--" + OPTIONS[limit].replace("_", "-")


def given(asked: Mapping[str, Any], limit: str) -> str:
    """The value of a limit's option; empty if there is none, which is what 0 means as well."""
    text = str(asked.get(OPTIONS[limit]) or "")
    return "" if text == "0" else text


def limits(asked: Mapping[str, Any], guest: bool = False) -> dict[str, Any]:
    """The limits that are asked for by the options' names; a guest's are its hardware."""
    found: dict[str, Any] = dict(memory(asked, guest))
    for limit, (least, most) in {"cpu_shares": (2, 1 << 18), "io_weight": (10, 1000)}.items():
        if text := given(asked, limit):
            if not least <= int(text) <= most:
                raise UsageError(f"{option(limit)} wants {least} to {most}; got {text}")
            found[limit] = int(text)
    if (text := given(asked, "pids")) and int(text) > 0:  # else as many as they like
        found["pids"] = int(text)
    if text := given(asked, "cpu_milli"):
        found["cpu_milli"] = cpu_milli(text, 4096 if guest else processors())
    if asked.get("cpuset_cpus"):  # where "0" is a processor
        found["cpuset"] = cpuset(asked["cpuset_cpus"])
    for limit in resources.RATES:
        rates = dict(device_rates(limit, asked.get(OPTIONS[limit]) or ()))
        if rates := {path: rate for path, rate in rates.items() if rate}:
            found[limit] = rates
    return found


def memory(asked: Mapping[str, Any], guest: bool) -> Iterator[tuple[str, int]]:
    """Memory, what is kept of it when it gets scarce, and memory with swap."""
    sizes = {}
    for limit in ("memory_bytes", "reservation_bytes", "swap_bytes"):
        value = given(asked, limit)
        if limit == "swap_bytes" and value == "-1":
            sizes[limit] = -1
        elif value:
            sizes[limit] = size_bytes(value, option(limit))
            if sizes[limit] < LEAST_MEMORY_BYTES and not guest:
                raise UsageError(f"{option(limit)}: at least 6m, as in Docker; got {value!r}")
    total, swap = sizes.get("memory_bytes", 0), sizes.get("swap_bytes", 0)
    if swap > 0 and not total:
        raise UsageError("--memory-swap is memory and swap together: it takes --memory, too")
    if 0 < swap < total:
        raise UsageError("--memory-swap is memory and swap together: at least as much as --memory")
    if total and sizes.get("reservation_bytes", 0) > total:
        raise UsageError("--memory-reservation: at most as much as --memory")
    yield from sizes.items()


def remedy() -> str:
    """How an ordinary user gets a group of his own."""
    if cgroups.detect().version == "v2":
        return "start it by `systemd-run --user --scope -p Delegate=yes`, or run as root"
    return "run as root, or let root hand you a group of each controller (chown) and put you there"


def with_swap(limits: Mapping[str, Any]) -> Mapping[str, Any]:
    """Docker's rule: as much swap as memory, unless told, where this kernel can count it."""
    if "memory_bytes" not in limits or "swap_bytes" in limits or not counts_swap():
        return limits
    return {**limits, "swap_bytes": 2 * limits["memory_bytes"]}


def counts_swap() -> bool:
    """Does this kernel count what a group has swapped out."""
    here = cgroups.detect()
    if here.version == "v2":
        return os.path.exists("/proc/swaps")
    return os.path.exists(f"{here.trees.get('memory')}/memory.memsw.limit_in_bytes")


def cpu_milli(text: str, most: int) -> int:
    """Processors in thousandths, at most as many as there are."""
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0.01 <= value <= most:
        raise UsageError(f"--cpus wants a number from 0.01 to {most}, such as 0.5; got {text!r}")
    return round(value * 1000)


def processors() -> int:
    """How many we may use."""
    return len(os.sched_getaffinity(0))


def cpuset(text: str) -> str:
    """Processors of this machine by number."""
    online = Path("/sys/devices/system/cpu/online").read_text(encoding="utf-8").strip()
    if not set(numbers(text)) <= set(numbers(online)):
        raise UsageError(f"--cpuset-cpus: the processors here are {online}; got {text!r}")
    return text


def numbers(text: str) -> Iterator[int]:
    """The numbers of a list such as the kernel reads.

    >>> list(numbers("0-2,7"))
    [0, 1, 2, 7]
    """
    for word in text.split(","):
        match = re.fullmatch(r"([0-9]{1,5})(?:-([0-9]{1,5}))?", word.strip())
        if not match or int(match[1]) > int(match[2] or match[1]):
            raise UsageError(f"--cpuset-cpus wants numbers such as 0-2,4; got {text!r}")
        yield from range(int(match[1]), int(match[2] or match[1]) + 1)


def device_rates(limit: str, words: Sequence[str]) -> Iterator[tuple[str, int]]:
    """`/dev/NAME:RATE`, for each device the last that is given; 0 is no limit."""
    for word in words:
        path, _, rate = word.rpartition(":")
        if not path.startswith("/dev/"):
            raise UsageError(f"{option(limit)} wants /dev/NAME:RATE; got {word!r}")
        if limit.endswith("bps") and rate != "0":
            yield path, size_bytes(rate, option(limit))
        elif rate.isdecimal():
            yield path, int(rate)
        else:
            raise UsageError(f"{option(limit)} wants a number of operations; got {word!r}")
