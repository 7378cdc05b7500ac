"""Ask for a guest: what it needs is made ready, then its monitor is started."""

from __future__ import annotations

import os
import time
from pathlib import Path

from realrun.files.remove import remove_tree
from realrun.guest import backends, disk, initramfs, monitor, mounts, tools
from realrun.guest.boot import MIB, Guest
from realrun.guest.channels import new_sign
from realrun.runtime import planning, state, users, volumes
from realrun.runtime.plan import Plan
from realrun.runtime.record import Record
from realrun.runtime.run import Sink
from realrun.runtime.spec import Spec
from realrun.runtime.start import Starter


def begin(
    spec: Spec, root: Path, starter: Starter, accelerator: str, out: Sink, err: Sink,
    stdin: int | None = None,
) -> Guest:  # fmt: skip
    """Ask for a guest; `stdin` is read as soon as it can take any.

    Raises `Missing` if this machine lacks a tool for it.
    """
    backend = backends.BACKENDS[spec.isolation]
    for name in backend.tools:
        tools.need(name)
    shares, served = shared(spec, root)
    kernel = tools.need("kernel").path if backend.kernel_modules else None
    common, image = initramfs.base(kernel), disk.of(spec)
    requested_ns = time.monotonic_ns()
    folder, lock_fd = state.create(root, spec.id)
    sign = new_sign()
    try:
        machine = backends.Machine(
            folder=folder,
            disk=str(image),
            initrd=f"{folder}/initrd",
            memory_mib=spec.limits.get("memory_bytes", backends.MEMORY_MIB * MIB) // MIB,
            cpus=-(-spec.limits.get("cpu_milli", 1000) // 1000),
            accelerator=accelerator,
            channels=tuple(backends.channels(spec.isolation, spec.terminal is not None)),
            shares=shares,
            served=served,
        )
        user = users.resolve(spec.user, users.reader(spec.layers))
        settings = backend.settings | told_at_start(spec, sign, stdin is not None)
        own = initramfs.instance_part(spec, user, settings, mounts.script(spec, folder))
        own += initramfs.more_drivers(kernel, mounts.MODULES) if served and kernel else b""
        Path(folder, "instance.cpio").write_bytes(own)
        steps = monitor.steps(spec, machine, str(common))
        plan = Plan(spec.id, spec.isolation, accelerator, tuple(steps))
        guest = Guest(
            record=Record(plan=plan, requested_ns=requested_ns), sign=sign, out=out, err=err,
            stdin=stdin, ram_mib=machine.memory_mib, piece=backend.piece,
        )  # fmt: skip
        guest.start(starter, planning.request(plan, folder), lock_fd, machine)
    except BaseException:
        remove_tree(Path(folder))
        raise
    finally:
        os.close(lock_fd)
    return guest


def shared(spec: Spec, root: Path) -> tuple[bool, bool]:
    """Is there something that the guest shares with this machine, and is there to be a server for
    it; the volumes are made."""
    shares = any(mount.kind != "tmpfs" for mount in spec.mounts)
    served = shares and spec.isolation == "qemu"
    if served:
        mounts.server()
    volumes.prepare(root, spec.mounts)
    return shares, served


def told_at_start(spec: Spec, sign: bytes, has_input: bool) -> dict[str, str]:
    """What the init must know of the guest's own program."""
    rows, columns = spec.terminal or ("-", "-")
    return {
        "END": sign.decode(),
        "INPUT": str(int(has_input)),
        "ROWS": str(rows),
        "COLUMNS": str(columns),
    }
