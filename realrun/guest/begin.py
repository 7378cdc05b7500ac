"""Ask for a guest: what it needs is made ready, then its monitor is started."""

from __future__ import annotations

import os
import time
from pathlib import Path

from realrun import paths
from realrun.errors import Missing, UsageError
from realrun.files.remove import remove_tree
from realrun.guest import (
    backends,
    commands,
    disk,
    initramfs,
    levels,
    monitor,
    mounts,
    overlay,
    tools,
)
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
    stdin: int | None = None, script: str = "",
) -> Guest:  # fmt: skip
    """Ask for a guest; `stdin` is read as soon as it can take any. With a `script`, its init's
    shell carries that out in place of the spec's program.

    Raises `Missing` if this machine lacks a tool for it.
    """
    return ask(spec, root, starter, machine_for(spec, accelerator), out, err, stdin, script)


def machine_for(spec: Spec, accelerator: str) -> backends.Machine:
    """The machine for it, but for the instance's folder; what is kept is made if need be."""
    machine = bare_machine(spec, accelerator)
    if machine.level != levels.SNAPSHOT:
        return machine
    if machine.shares:
        raise UsageError(
            "--level snapshot has no room for what is shared with this machine (-v): QEMU cannot "
            "save what a virtiofsd serves; leave it out, or use another level"
        )
    from realrun.guest import snapshot

    return machine._replace(saved=str(snapshot.of(spec, machine)))


def bare_machine(spec: Spec, accelerator: str) -> backends.Machine:
    """The same, before anything has been saved of its kind."""
    backend = backends.BACKENDS[spec.isolation]
    level, model = levels.asked(spec.isolation, spec.level, spec.machine)
    for name in backend.tools:
        if name != backend.kernel or not spec.kernel:
            tools.need(name)
    kernel = Path(spec.kernel) if spec.kernel else tools.need(backend.kernel).path
    if not os.access(kernel, os.R_OK):
        raise Missing(f"--kernel {kernel} is not a file that can be read")
    shares, served = shared(spec, paths.root())
    system = level == levels.DISTRO
    usual_mib = backends.SYSTEM_MEMORY_MIB if system else backends.MEMORY_MIB
    return backends.Machine(
        folder="",
        disk=str(disk.of(spec)),
        initrd=str(initramfs.base(kernel if backend.kernel == "kernel" else None)),
        memory_mib=spec.limits.get("memory_bytes", usual_mib * MIB) // MIB,
        cpus=-(-spec.limits.get("cpu_milli", 1000) // 1000),
        accelerator=accelerator,
        channels=tuple(backends.channels(spec.isolation, spec.terminal is not None)),
        level=level,
        model=model,
        kernel=str(kernel),
        system=str(tools.need("distro").path) if system else "",
        shares=shares,
        served=served,
    )


def ask(
    spec: Spec, root: Path, starter: Starter, machine: backends.Machine, out: Sink, err: Sink,
    stdin: int | None = None, script: str = "",
) -> Guest:  # fmt: skip
    """Ask for a guest on this machine."""
    requested_ns, cpu_ns = time.monotonic_ns(), time.thread_time_ns()
    folder, lock_fd = state.create(root, spec.id)
    common, sign = machine.initrd, new_sign()
    machine = machine._replace(folder=folder, written=spec.upper)
    if not machine.saved:
        machine = machine._replace(initrd=f"{folder}/initrd")
    try:
        backend = backends.BACKENDS[spec.isolation]
        if machine.written:
            overlay.prepare(Path(machine.written), spec.isolation, Path(machine.disk))
        settings = backend.settings | told_at_start(spec, sign, stdin is not None, machine.level)
        own = own_part(spec, machine, settings, script)
        Path(folder, "instance.cpio").write_bytes(own)
        steps = tuple(monitor.steps(spec, machine, common))
        level = levels.text(machine.level, machine.model)
        guest = Guest(
            record=Record(
                plan=Plan(spec.id, spec.isolation, machine.accelerator, steps, level),
                requested_ns=requested_ns,
            ),
            sign=sign, out=out, err=err, stdin=stdin, ram_mib=machine.memory_mib,
            piece=backend.piece, news=own if machine.saved else b"",
        )  # fmt: skip
        guest.record.caller_cpu_ns = time.thread_time_ns() - cpu_ns
        guest.start(starter, planning.request(guest.record.plan, folder), lock_fd, machine)
    except BaseException:
        remove_tree(Path(folder))
        raise
    finally:
        os.close(lock_fd)
    return guest


def own_part(
    spec: Spec, machine: backends.Machine, settings: dict[str, str], script: str
) -> bytes:  # fmt: skip
    """What of the ram disk is this guest's alone: its settings, its program, drivers for it."""
    if not script:
        script = commands.script(spec, users.resolve(spec.user, users.reader(spec.layers)))
    own = initramfs.instance_part(spec, script, settings, mounts.script(spec, machine.folder))
    if machine.served:
        own += initramfs.more_drivers(Path(machine.kernel), mounts.MODULES)
    return own


def shared(spec: Spec, root: Path) -> tuple[bool, bool]:
    """Is there something that the guest shares with this machine, and is there to be a server for
    it; the volumes are made."""
    shares = any(mount.kind != "tmpfs" for mount in spec.mounts)
    served = shares and spec.isolation == "qemu"
    if served:
        mounts.server()
    volumes.prepare(root, spec.mounts)
    return shares, served


def told_at_start(spec: Spec, sign: bytes, has_input: bool, level: str) -> dict[str, str]:
    """What the init must know of its level and of the guest's own program."""
    rows, columns = spec.terminal or ("-", "-")
    return {
        "LEVEL": level,
        "END": sign.decode(),
        "INPUT": str(int(has_input)),
        "ROWS": str(rows),
        "COLUMNS": str(columns),
    }
