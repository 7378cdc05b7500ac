"""How much of a virtual machine a guest is, and on which machine: its level.

    minimal     a kernel and our init, nothing else: what the machine itself costs
    distro      the distribution's own system on a second disk, with systemd: what people really run
    snapshot    a minimal guest that was booted and saved once, and goes on from there

A level is written `LEVEL` or `LEVEL/MACHINE`, where the machine is QEMU's machine type if it is not
the usual one. Source: QEMU's `docs/system/i386/microvm.rst` and `docs/devel/migration/main.rst`.
"""

from __future__ import annotations

import os

from realrun.errors import UsageError

MINIMAL, DISTRO, SNAPSHOT = "minimal", "distro", "snapshot"
LEVELS = {"uml": (MINIMAL, DISTRO), "qemu": (MINIMAL, DISTRO, SNAPSHOT)}
# QEMU's machine types by processor, the usual one first.
MACHINES = {"x86_64": ("q35", "microvm"), "aarch64": ("virt",)}
Named = tuple[str, str]


def machines() -> tuple[str, ...]:
    """The machine types that QEMU has here, the usual one first."""
    return MACHINES.get(os.uname().machine, ("q35",))


def ways() -> tuple[Named, ...]:
    """Every way to run an image here: an isolation, and of a guest its level."""
    found: list[Named] = [("process", ""), ("container", "")]
    for isolation, levels in LEVELS.items():
        for machine in machines() if isolation == "qemu" else ("",):
            found += [(isolation, text(level, machine)) for level in levels]
    return tuple(found)


def text(level: str, machine: str) -> str:
    """A level as it is written, in tables, too.

    >>> text("minimal", "q35"), text("snapshot", "microvm"), text("", "")
    ('minimal', 'snapshot/microvm', '')
    """
    usual = machine in ("", machines()[0])
    return level if usual else f"{level}/{machine}"


def asked(isolation: str, level: str = "", machine: str = "") -> Named:
    """The level and the machine of a guest, the usual ones if none are named.

    `level` may be written with its machine. Raises UsageError for what there is not.

    >>> asked("qemu", "snapshot/microvm"), asked("uml"), asked("container")
    (('snapshot', 'microvm'), ('minimal', ''), ('', ''))
    """
    level, _, written = level.partition("/")
    machine = machine or written
    if isolation not in LEVELS:
        if level or machine:
            raise UsageError(
                f"--isolation {isolation} does not know --level and --machine, which are of guests;"
                " leave them out, or say --isolation uml or qemu"
            )
        return "", ""
    level = level or MINIMAL
    if level not in LEVELS[isolation]:
        choices = ", ".join(LEVELS[isolation])
        raise UsageError(f"--level of {isolation} must be one of {choices}; got {level!r}")
    if isolation == "uml":
        if machine:
            raise UsageError("--machine is QEMU's: User-Mode Linux has no machine to choose")
        return level, ""
    if machine and machine not in machines():
        choices = ", ".join(machines())
        raise UsageError(f"--machine must be one of {choices} here; got {machine!r}")
    return level, machine or machines()[0]
