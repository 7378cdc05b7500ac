"""The plan of a guest: a monitor that is contained like a program, then what it tells of its boot.

Source: the kernel's `virt/uml/user_mode_linux_howto_v2.rst`; personality(2).
"""

from __future__ import annotations

import os
from dataclasses import replace

from realrun.guest import backends, mounts, overlay, tools
from realrun.guest.marks import FIRST_WORD
from realrun.runtime import planning, rootsteps, state
from realrun.runtime.plan import CHILD, ENGINE, FIRST_OUTPUT, WATCHED, Step
from realrun.runtime.spec import Spec

PROGRAM_STEPS = (
    Step("root disk", "mount the image's file system", WATCHED),
    Step("command", "the guest's init makes ready what its program needs", WATCHED),
    Step(FIRST_WORD, "the program runs until it writes, by the guest's clock", WATCHED),
    FIRST_OUTPUT._replace(does="what it has written reaches the engine"),
)
ON_SHARES = ("CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID")


def steps(spec: Spec, machine: backends.Machine, common: str) -> list[Step]:
    """The plan of a guest: its monitor is contained like a program, the rest is watched."""
    backend = backends.BACKENDS[spec.isolation]
    limits = {name: value for name, value in spec.limits.items() if name != "memory_bytes"}
    counted = replace(spec, limits=limits, capabilities=())
    own = ["mnt", "pid", "net", "uts", "ipc"]
    env = backend.environment(machine) | {state.MARK: spec.id}
    sources = [common, f"{machine.folder}/instance.cpio"]  # the kernel unpacks one after the other
    name = {"qemu": "QEMU", "uml": "the User-Mode Linux kernel"}[spec.isolation]
    return [
        *([] if machine.saved else [
            Step("initial ram disk", "join the guest's init and this instance's command", ENGINE,
                 "concatenate", {"sources": sources, "target": machine.initrd}),
        ]),
        Step("own root", "make an empty folder for its files", ENGINE, "directories",
             {"folder": machine.folder, "names": ["root"]}),
        *planning.cgroup_steps(counted),
        rootsteps.clone(own, f"make a process for {name}, alone in new namespaces"),
        *planning.join_steps(counted, hide=False),
        *rootsteps.user_namespace(),
        rootsteps.private_mounts(),
        Step("jail", f"show {name} what it needs of this machine, read-only, and its folder", CHILD,
             "realrun.linux.jail:build",
             {"root": f"{machine.folder}/root", "shown": backends.shown(spec.isolation, machine),
              "folder": machine.folder, "devices": backends.devices(machine),
              "lent": [*mounts.shown(spec, machine.folder), *overlay.lent(machine.written)]}),
        *own_library(spec.isolation, name, f"{machine.folder}/root"),
        Step("pivot root", "make that its root and detach the host's files", CHILD, "pivot root",
             {"root": f"{machine.folder}/root"}),
        *fixed_addresses(spec.isolation),
        *server(machine),
        *planning.seccomp_steps(counted),
        rights(spec.isolation, machine),
        Step("no new privileges", "let no program raise its rights", CHILD, "no new privileges"),
        Step("exec", f"replace the engine's code by {name}", CHILD, "exec",
             {"argv": backend.argv(machine), "env": env, "cwd": machine.folder, "joined": False}),
        *boot_steps(machine, name),
        *PROGRAM_STEPS,
    ]  # fmt: skip


def boot_steps(machine: backends.Machine, name: str) -> list[Step]:
    """What happens by itself, up to where the guest's init has its channels."""
    if machine.saved:
        return [
            Step("restore", f"{name} makes a machine and fills it with what was saved", WATCHED),
            Step("resume", "the guest learns the time, what to do, and a seed of its own", WATCHED),
        ]
    firmware = f"{name} makes a machine and loads the kernel"
    made = []
    if machine.talks:
        made = [Step("machine", f"{name} makes a machine, up to its first instruction", WATCHED)]
        firmware = "the machine's firmware finds and loads the kernel"
    steps = [
        *made,
        Step("firmware", firmware, WATCHED),
        Step("kernel", "the guest's kernel boots up to its first process", WATCHED),
        Step("drivers", "the guest's init loads drivers and opens its channels", WATCHED),
    ]
    if machine.system:
        steps[-1] = steps[-1]._replace(does="our init loads drivers, as an initial ram disk does")
        steps += [
            Step("system disk", "mount the guest's own system", WATCHED),
            Step("system", "systemd starts what a machine needs, up to its usual target", WATCHED),
        ]
    return steps


def own_library(tool: str, name: str, root: str) -> list[Step]:
    """The loader of a monitor that brought its own C library, where the program looks for it."""
    if (loader := tools.need(tool).loader) is None:
        return []
    target = root + os.path.realpath(tools.LOADER)
    return [Step("own library", f"lay the C library's loader that came with {name} over the host's",
                 CHILD, "realrun.linux.mounts:lay_over",
                 {"target": target, "source": str(loader)})]  # fmt: skip


def server(machine: backends.Machine) -> list[Step]:
    """QEMU has what is shared served by another program; User-Mode Linux does that itself."""
    if not machine.served:
        return []
    argv, env = mounts.server()
    args = {"argv": argv, "env": env, "folder": machine.folder, "name": mounts.SOCKET}
    return [Step("shares", "start virtiofsd, which serves what is shared, beside it", CHILD,
                 "realrun.guest.serving:serve", args)]  # fmt: skip


def rights(isolation: str, machine: backends.Machine) -> Step:
    """None; but where it acts for the guest's users on what is shared, it may do that."""
    keep = list(ON_SHARES) if isolation == "uml" and machine.shares else []
    does = "give up all of root's rights" + (" but those on files" if keep else "")
    return Step("user", does, CHILD, "user", {"uid": 0, "gid": 0, "groups": None, "keep": keep})


def fixed_addresses(isolation: str) -> list[Step]:
    """User-Mode Linux wants its memory in one piece, and would ask for that when it may no more.

    With its heap elsewhere it keeps a table of all pages between: 12 MB in each guest.
    """
    if isolation != "uml":
        return []
    return [Step("addresses", "let the kernel's memory begin where its code ends", CHILD,
                 "realrun.linux.processes:fix_addresses")]  # fmt: skip
