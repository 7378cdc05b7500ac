"""What a control group has used, as far as its controllers count it; None where they do not.

Version 1 keeps a tree for each controller, and an instance joins only those that it needs, so that
its start costs less: there the processor and the disk are asked of the processes (`procstat`).

Source: the kernel's `cgroup-v2.rst`, `cgroup-v1/memory.rst`, `cgroup-v1/cpuacct.rst`; for what
counts as used memory Docker's documentation, `docker stats`: without the idle cache.
"""

from __future__ import annotations

import os

from realrun.linux.cgroups import PARENT, Layout, parse, read_words

KERNEL_PARTS = {"slab": "slab", "page tables": "pagetables", "kernel stack": "kernel_stack"}
UNLIMITED = 1 << 60  # v1 says so with a number just below 2**63


def file_of(here: Layout, name: str, controller: str, v1: str, v2: str) -> list[str]:
    """The words of a controller's file for group `name`, by its name in either version."""
    tree = here.trees.get(controller, "/nowhere")
    return read_words(f"{tree}/{PARENT}/{name}/{v2 if here.version == 'v2' else v1}")


def table(words: list[str]) -> dict[str, int]:
    """`key value` lines."""
    return {key: int(value) for key, value in zip(words[::2], words[1::2], strict=False)}


def members(here: Layout, name: str) -> list[int] | None:
    """The processes of the group."""
    folder = f"{here.trees.get('memory', '/nowhere')}/{PARENT}/{name}"
    if not os.path.isdir(folder):
        return None
    return sorted(map(int, read_words(f"{folder}/cgroup.procs")))


def memory_bytes(here: Layout, name: str) -> int | None:
    """What it uses, without file pages that nobody has wanted lately."""
    charged = charged_bytes(here, name)
    if charged is None:
        return None
    told = table(file_of(here, name, "memory", "memory.stat", "memory.stat"))
    idle = told.get("total_inactive_file", told.get("inactive_file", 0))
    return max(charged - idle, 0)


def memory_limit_bytes(here: Layout, name: str) -> int:
    """What it may use: its limit, or all that this machine has."""
    words = file_of(here, name, "memory", "memory.limit_in_bytes", "memory.max")
    limit = int(words[0]) if words and words[0].isdigit() else UNLIMITED
    return min(limit, os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"))


def cpu_ns(here: Layout, name: str) -> int | None:
    """Processor time of all that ever ran in it."""
    words = file_of(here, name, "cpuacct", "cpuacct.usage", "cpu.stat")
    if here.version == "v2":
        used_us = table(words).get("usage_usec")
        return None if used_us is None else used_us * 1000
    return int(words[0]) if words else None


def io_bytes(here: Layout, name: str) -> tuple[int, int] | None:
    """Read from and written to disks; version 2 only."""
    if here.version != "v2":
        return None
    words = file_of(here, name, "memory", "", "io.stat")
    if not words:
        return None
    pairs = [word.partition("=") for word in words]
    read, written = (
        sum(int(value) for key, _, value in pairs if key == wanted)
        for wanted in ("rbytes", "wbytes")
    )
    return read, written


def charged_bytes(here: Layout, name: str) -> int | None:
    """All that the memory controller charges it with, idle pages of files included."""
    words = file_of(here, name, "memory", "memory.usage_in_bytes", "memory.current")
    return int(words[0]) if words else None


def memory_parts(here: Layout, name: str) -> dict[str, int] | None:
    """What the memory controller charges it with, by kind, bytes; None where it does not count.

    `anon`, `file` (the page cache without `shmem`), `shmem`, `mapped` (of these two, what is in
    page tables), `kernel`; of that, by version 2 alone, `slab`, `page tables`, `kernel stack`.
    """
    told = table(file_of(here, name, "memory", "memory.stat", "memory.stat"))
    if not told:
        return None
    if here.version != "v2":
        kernel = file_of(here, name, "memory", "memory.kmem.usage_in_bytes", "")
        cache, shmem = told["total_cache"], told.get("total_shmem", 0)
        found = {"anon": told["total_rss"], "file": cache - shmem, "shmem": shmem}
        found["mapped"] = told["total_mapped_file"]
        return found | {"kernel": int(kernel[0]) if kernel else 0}
    parts = {part: told.get(key, 0) for part, key in KERNEL_PARTS.items()}
    whole = told.get("kernel", sum(parts.values()) + told.get("percpu", 0))  # since Linux 5.18
    found = {"anon": told["anon"], "file": told["file"] - told["shmem"], "shmem": told["shmem"]}
    return found | {"mapped": told["file_mapped"], "kernel": whole + told.get("sock", 0)} | parts


def around_us(controller: str, most: str, used: str) -> list[tuple[int, int]]:
    """Of the group that we are in and those above it: how much is used, and how much may be.

    `most` and `used` are files of the controller in either version; a group without a limit is
    left out.
    """
    with open("/proc/self/mountinfo", encoding="utf-8") as mounts:
        text = mounts.read()
    with open("/proc/self/cgroup", encoding="utf-8") as own:
        folder = parse(text, own.read()).trees.get(controller, "/")
    found = []
    while folder != "/":
        limit, now = (read_words(f"{folder}/{file}") for file in (most, used))
        if limit and now and limit[0].isdigit() and int(limit[0]) < UNLIMITED:
            found.append((int(now[0]), int(limit[0])))
        folder = os.path.dirname(folder)
    return found


def oom_kills(here: Layout, name: str) -> int:
    """How many of its processes the kernel has killed for want of memory."""
    return table(file_of(here, name, "memory", "memory.oom_control", "memory.events")).get(
        "oom_kill", 0
    )
