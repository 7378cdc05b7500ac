"""Made-up tables for the tests. Every number here is invented; none was measured anywhere."""

import math
from pathlib import Path
from typing import Any

from sim.contract import MemoryRow, StartupRow, StormRow
from sim.engine.streams import stream
from sim.files import write_table

MACHINE = "made-up"
META: dict[str, Any] = {
    "recorded_utc": "2000-01-01T00:00:00Z",
    "command": "made up",
    "seed": 1,
    "machine": MACHINE,
    "cpu_model": "Imaginary 2-core",
    "cores": 2,
    "memory_mib": 8192,
    "kernel": "0.0.0",
    "hypervisor": "none",
    "versions": {},
    "cache": "warm",
    "load_1min": 0.1,
    "skipped": {},
}
ACCELERATORS = {"process": "none", "container": "none", "uml": "uml", "qemu": "tcg"}
# name of the phase, wall-clock seconds, processor seconds
PLANS: dict[str, list[tuple[str, float, float]]] = {
    "process": [
        ("clone", 0.0008, 0.0007),
        ("exec", 0.0007, 0.0006),
        ("first output", 0.0015, 0.0014),
    ],
    "container": [
        ("clone", 0.001, 0.0009),
        ("overlay", 0.0006, 0.0005),
        ("mounts", 0.0011, 0.001),
        ("pivot root", 0.0002, 0.0002),
        ("cgroup", 0.0005, 0.0003),
        ("capabilities", 0.0001, 0.0001),
        ("seccomp", 0.0003, 0.0003),
        ("exec", 0.0007, 0.0006),
        ("first output", 0.0015, 0.0014),
    ],
    "uml": [
        ("disk", 0.02, 0.01),
        ("guest kernel", 0.9, 0.7),
        ("guest init", 0.3, 0.25),
        ("first output", 0.08, 0.06),
    ],
    "qemu": [
        ("disk", 0.02, 0.01),
        ("firmware", 0.4, 0.42),
        ("guest kernel", 2.1, 2.2),
        ("guest init", 0.4, 0.4),
        ("first output", 0.1, 0.1),
    ],
}
# part, shared MiB, MiB for each instance
PARTS: dict[str, list[tuple[str, float, float]]] = {
    "process": [("program", 0.8, 0.5)],
    "container": [("program", 0.8, 0.6), ("helper", 1.5, 0.0)],
    "uml": [
        ("vmm", 1.0, 2.0),
        ("program", 0.0, 1.0),
        ("guest page cache", 0.0, 9.0),
        ("guest kernel", 0.0, 19.0),
    ],
    "qemu": [
        ("vmm", 12.0, 21.0),
        ("program", 0.0, 1.0),
        ("guest page cache", 0.0, 13.0),
        ("guest kernel", 0.0, 62.0),
    ],
}


def tables(folder: Path, isolations: tuple[str, ...] = tuple(PLANS), **meta: Any) -> Path:
    """Write startup, storm and memory of these isolations into `folder`."""
    certificate = META | meta
    rows = {"startup": startup_rows, "storm": storm_rows, "memory": memory_rows}
    for name, make in rows.items():
        write_table(folder, name, [row for one in isolations for row in make(one)], certificate)
    return folder


def head(isolation: str) -> tuple[str, str, str]:
    return MACHINE, isolation, ACCELERATORS[isolation]


def startup_rows(isolation: str) -> list[StartupRow]:
    rows = []
    for run in range(5 if isolation in ("uml", "qemu") else 21):
        luck, at_s = stream(7, isolation, run), 0.0
        for step, (phase, long_s, cpu_s) in enumerate(PLANS[isolation]):
            slow = math.exp(luck.gauss(0, 0.1)) * (3 if run == 0 else 1)
            rows.append(
                StartupRow(
                    *head(isolation),
                    run,
                    int(run == 0),
                    "start",
                    step,
                    phase,
                    at_s,
                    long_s * slow,
                    cpu_s * slow,
                )
            )
            at_s += long_s * slow
        rows.append(
            StartupRow(
                *head(isolation),
                run,
                int(run == 0),
                "end",
                step + 1,
                "remove",
                at_s,
                0.001,
                0.0005,
            )
        )
    return rows


def storm_rows(isolation: str) -> list[StormRow]:
    """Half of a start is done one after the other, half is shared by two cores."""
    rows = []
    total_s = sum(long_s for _, long_s, _ in PLANS[isolation])
    for n in (1, 2, 4, 8) if isolation in ("uml", "qemu") else (1, 2, 4, 8, 16, 32):
        for repeat in range(3):
            luck = stream(8, isolation, n, repeat)
            for instance in range(n):
                serial_s = 0.3 * total_s * (instance + 1)
                ready_s = max(serial_s + 0.7 * total_s, 0.3 * total_s + 0.7 * total_s * n / 2)
                rows.append(
                    StormRow(
                        *head(isolation),
                        n,
                        repeat,
                        instance,
                        0.0,
                        ready_s * math.exp(luck.gauss(0, 0.03)),
                    )
                )
    return rows


def memory_rows(isolation: str) -> list[MemoryRow]:
    rows = []
    for n in (1, 2, 4, 8) if isolation in ("uml", "qemu") else (1, 2, 4, 8, 16):
        parts = {part: shared + each * n for part, shared, each in PARTS[isolation]}
        total = sum(parts.values())
        pss = [("pss", part, mib) for part, mib in (*parts.items(), ("total", total))]
        others = [
            ("rss", "total", 1.6 * total),
            ("uss", "total", 0.8 * total),
            ("cgroup", "total", 1.1 * total),
        ]
        rows += [MemoryRow(*head(isolation), n, *row) for row in (*pss, *others)]
    return rows
