"""A machine that was booted once and saved, for others to go on from.

A minimal guest is booted up to where its init waits for what to do, before it has looked at the
image's disk: so the disk needs no saving, and nothing of any program is in what is saved. QEMU
writes the machine to a file (a migration to nowhere), which is kept by what it was made from; a
start reads it instead of booting.

All who go on from one file share what the kernel drew at its boot: where it lies in memory (KASLR),
the secrets of its hash tables, the init's own addresses and stack guard. What is their own: the
time, the host name, the seed of the random numbers and all that is drawn from it after that, such
as the addresses of every program and `boot_id`, which the kernel draws when it is first read.

Sources: QEMU's `docs/devel/migration/main.rst`; Firecracker's `docs/snapshotting/random-for-
clones.md`, on what else clones share.
"""

from __future__ import annotations

import hashlib
import os
import time
from pathlib import Path

from realrun import paths
from realrun.errors import GuestFailed
from realrun.files.workspace import workspace
from realrun.guest import backends, begin, disk, tools
from realrun.guest.boot import Guest
from realrun.runtime.client import Spawner
from realrun.runtime.run import drive, ignore
from realrun.runtime.spec import Spec

SAVE_S = 60.0
BYTES_PER_S = 1 << 40  # a file has no network to spare


def of(spec: Spec, machine: backends.Machine) -> Path:
    """The saved machine for this image, kernel, QEMU and all that shapes it; made if need be."""
    key = hashlib.sha256(repr(machine).encode())
    for path in (tools.need("qemu").path, machine.kernel, machine.initrd, machine.disk):
        known = os.stat(path)
        key.update(f"{path} {known.st_size} {known.st_mtime_ns}\n".encode())
    name = f"snapshot-{disk.name_of(spec)}-{key.hexdigest()[:16]}"
    target = paths.root() / "guest" / name
    if not target.exists():
        with workspace(paths.root(), "snapshot") as scratch:
            half = scratch / target.name
            make(spec, machine, half)
            half.rename(target)
    return target


def make(spec: Spec, machine: backends.Machine, target: Path) -> None:
    """Boot a machine of this kind with nothing of the instance in it, and save it."""
    blank = Spec(
        layers=spec.layers, argv=("true",), env={}, isolation=spec.isolation, level=spec.level,
        machine=spec.machine, image_digest=spec.image_digest, terminal=spec.terminal,
        limits=spec.limits, kernel=spec.kernel,
    )  # fmt: skip
    with Spawner() as starter:
        guest = begin.ask(blank, paths.root(), starter, machine, ignore, ignore)
        try:
            drive([guest], starter, until=waits)
            if guest.over():
                raise GuestFailed(f"cannot save a guest: {guest.died()}")
            save(guest, target)
        finally:
            starter.signal(guest.id, 9)
            drive([guest], starter, until=lambda run: run.record.code is not None)
            guest.close()


def waits(guest: Guest) -> bool:
    """Is it where it can be saved?"""
    return guest.marks.has("saved") or guest.over()


def save(guest: Guest, target: Path) -> None:
    """Have QEMU write the machine to the file."""
    assert guest.qemu is not None
    fd = os.open(target, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o600)
    try:
        guest.qemu.do("getfd", fd, fdname="saved")
    finally:
        os.close(fd)
    guest.qemu.do("migrate-set-parameters", **{"max-bandwidth": BYTES_PER_S})
    guest.qemu.do("migrate", uri="fd:saved")
    deadline_s = time.monotonic() + SAVE_S
    while (state := guest.qemu.do("query-migrate").get("status")) != "completed":
        if state in ("failed", "cancelled") or time.monotonic() > deadline_s:
            raise GuestFailed(f"cannot save a guest: QEMU says {state!r}")
        time.sleep(0.005)
