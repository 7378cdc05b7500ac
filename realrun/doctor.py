"""What this machine can do, what is missing, and the one command that would add it."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from realrun import engine, paths
from realrun.errors import RealRunError, UsageError
from realrun.files.workspace import workspace
from realrun.guest import levels, probe, processor, tools
from realrun.linux import cgroups, namespaces, play
from realrun.measure import environment
from realrun.runtime import limitwords, planning, rootsteps, subids
from realrun.runtime.client import Spawner
from realrun.runtime.run import drive, ignore
from realrun.runtime.spec import Spec

YES, NO, PARTLY = "yes", "no", "partly"
APPARMOR = Path("/proc/sys/kernel/apparmor_restrict_unprivileged_userns")
DEBIAN = Path("/proc/sys/kernel/unprivileged_userns_clone")
LIMIT = Path("/proc/sys/user/max_user_namespaces")


class Finding(NamedTuple):
    """One line of the table; `remedy` is empty where nothing is missing."""

    what: str
    works: str
    detail: str
    remedy: str = ""

    def why_not(self) -> str:
        """Empty if it works, else why not and what would help."""
        return "" if self.works != NO else "; ".join(filter(None, (self.detail, self.remedy)))


def examine() -> list[Finding]:
    """All findings, in the order in which an engine needs the things."""
    return [*map(guarded, CHECKS)]


def guarded(check: Callable[[], Finding]) -> Finding:
    """A check that breaks is a finding, too."""
    try:
        return check()
    except (RealRunError, OSError) as error:
        return Finding(check.__name__.replace("_", " "), NO, str(error))


def user() -> Finding:
    """Root or not."""
    if rootsteps.rootless():
        limited = "with limits" if planning.has_cgroup() else "without limits"
        return Finding("user", PARTLY, f"an ordinary user: containers are rootless, {limited}")
    return Finding("user", YES, "root")


def machine() -> Finding:
    """The machine below this one: Docker on a Mac or on Windows brings one along, unseen."""
    below = environment.hypervisor()
    if below == "none":
        return Finding("machine", YES, "no hypervisor below this kernel is told of")
    detail = f"a virtual machine itself ({below}): the containers share its kernel"
    return Finding("machine", YES, detail)


def succeeds(namespaces_wanted: list[str]) -> str:
    """Empty if a child in such namespaces can be made, else why not."""
    try:
        pid = namespaces.clone(namespaces_wanted)
    except RealRunError as error:
        return str(error)
    if pid == 0:
        os._exit(0)
    os.waitpid(pid, 0)
    return ""


def namespace_kinds() -> Finding:
    """Every kind that a container gets."""
    own = ["user"] if rootsteps.rootless() else []
    refused = [
        kind for kind in ("mnt", "pid", "net", "uts", "ipc", "cgroup") if succeeds([*own, kind])
    ]
    if refused:
        return Finding("namespaces", NO, f"refused: {', '.join(refused)}", userns_remedy())
    return Finding("namespaces", YES, "mount, pid, net, uts, ipc, cgroup")


def user_namespaces() -> Finding:
    """The way in for ordinary users."""
    why = succeeds(["user"])
    if why:
        return Finding("user namespaces", NO, why, userns_remedy())
    if os.geteuid() == 0 and (APPARMOR.exists() and APPARMOR.read_text().strip() == "1"):
        return Finding("user namespaces", PARTLY, "for root only (AppArmor)", userns_remedy())
    return Finding("user namespaces", YES, f"up to {LIMIT.read_text().strip()}")


def subordinate_ids() -> Finding:
    """Whose ids containers may have: root's with --userns auto, those of others always."""
    try:
        ids = subids.own() if rootsteps.rootless() else subids.remapped()
    except UsageError as error:
        why, _, remedy = str(error).partition("; ")
        return Finding("subordinate ids", NO, why, remedy)
    return Finding("subordinate ids", YES, f"{sum(count for _, _, count in ids.uids)} users")


def userns_remedy() -> str:
    """Who forbids user namespaces here, by its own switch."""
    if APPARMOR.exists() and APPARMOR.read_text(encoding="utf-8").strip() == "1":
        return "sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0"
    if DEBIAN.exists() and DEBIAN.read_text(encoding="utf-8").strip() == "0":
        return "sudo sysctl -w kernel.unprivileged_userns_clone=1"
    if LIMIT.exists() and LIMIT.read_text(encoding="utf-8").strip() == "0":
        return "sudo sysctl -w user.max_user_namespaces=10000"
    return "run outside this sandbox (Docker, Colab and Binder forbid it), or as root"


def control_groups() -> Finding:
    """Version and controllers."""
    here = cgroups.detect()
    known = ", ".join(sorted(here.trees)) or "no controller we need"
    detail = f"{here.version}: {known}"
    if here.version == "none":
        return Finding("cgroup", NO, "no control groups are mounted")
    if not here.writable:
        return Finding("cgroup", NO, f"{detail}; none was delegated to us", limitwords.remedy())
    if rootsteps.rootless():
        detail += f"; delegated to us: {here.trees['memory']}"
    return Finding("cgroup", YES, detail)


def container() -> Finding:
    """A real start, with every step of a container's plan: overlay, mounts, filter and all."""
    busybox = tools.find("busybox")
    if busybox is None:
        return Finding("container", NO, "no busybox to try with", tools.advice("busybox"))
    with workspace(paths.root(), "doctor") as layer:
        shutil.copy(busybox.path, layer / "busybox")
        failure = start_once(str(layer), "container")
    if failure:
        return Finding("container", NO, failure, userns_remedy() if rootsteps.rootless() else "")
    return Finding("container", YES, "a container ran: overlay, pivot_root, capabilities, seccomp")


def start_once(layer: str, isolation: str) -> str:
    """Empty if an instance of a one-file image says its word, else why not."""
    spec = Spec(
        layers=(layer,), argv=("/busybox", "true"), env={}, isolation=isolation, hostname="h"
    )
    try:
        with Spawner() as starter:
            run = engine.begin(spec, starter, ignore, ignore)
            drive([run], starter)
            run.close()
            engine.exit_code(run)
    except RealRunError as error:
        return str(error)
    return ""


def seccomp() -> Finding:
    """Filters of system calls."""
    actions = Path("/proc/sys/kernel/seccomp/actions_avail")
    if not actions.exists():
        return Finding("seccomp", NO, "this kernel has no seccomp filters")
    return Finding("seccomp", YES, actions.read_text(encoding="utf-8").strip())


def overlay() -> Finding:
    """The file system that stacks layers."""
    if "overlay" in Path("/proc/filesystems").read_text(encoding="utf-8"):
        return Finding("overlay", YES, "known to this kernel")
    return Finding("overlay", NO, "not loaded", "sudo modprobe overlay")


def fast_starts() -> Finding:
    """Are a container's first steps made without Python."""
    if play.library() and rootsteps.rootless():
        return Finding("fast starts", PARTLY, "root's are made in C, a user namespace's in Python")
    if play.library():
        return Finding("fast starts", YES, "the system calls of a start are made in C")
    return Finding("fast starts", PARTLY, "starts take longer: no compiled part", play.REMEDY)


def kvm() -> Finding:
    """Not whether the file is there, but whether a guest boots on it."""
    if tools.find("qemu") is None or tools.find("kernel") is None:
        state = "present, untried" if probe.DEVICE.exists() else "no /dev/kvm"
        return Finding("kvm", NO, f"{state}: no QEMU and kernel to try it with", "realrun fetch")
    answer = probe.kvm()
    if answer["works"]:
        return Finding("kvm", YES, answer["why"])
    return Finding("kvm", NO, f"{answer['why']}; guests run on tcg, software emulation")


def machine_types() -> Finding:
    """What QEMU can be told to be, and what runs it."""
    if tools.find("qemu") is None or tools.find("kernel") is None:
        return Finding("machine types", NO, "no QEMU and kernel", "realrun fetch")
    runs = probe.qemu_accelerator()
    return Finding("machine types", YES, ", ".join(f"{one} on {runs}" for one in levels.machines()))


def guest_system() -> Finding:
    """The system of guests that have a whole one."""
    return tool("distro", "guest system")


def tool(name: str, what: str) -> Finding:
    """A program or kernel that guests need."""
    found = tools.find(name)
    if found is None:
        return Finding(what, NO, f"missing, for {tools.PURPOSE[name]}", tools.advice(name))
    return Finding(what, YES, f"{found.path.name} {version(name, found)}".strip())


def version(name: str, found: tools.Tool) -> str:
    """What the program says of itself, first line; kernels have it in their names."""
    if name == "uml":
        return processor.release(found.path)
    if name != "qemu":
        return ""
    env = os.environ | found.environment
    done = subprocess.run(
        [str(found.path), "--version"], capture_output=True, text=True, timeout=10, env=env
    )
    return (done.stdout or done.stderr).strip().splitlines()[0][:60]


def qemu() -> Finding:
    """The full virtual machine's monitor."""
    return tool("qemu", "qemu")


def kernel() -> Finding:
    """The full virtual machine's kernel."""
    return tool("kernel", "guest kernel")


def uml() -> Finding:
    """The kernel that is a program."""
    return tool("uml", "uml")


def busybox() -> Finding:
    """The base image's only program."""
    return tool("busybox", "busybox")


def mke2fs() -> Finding:
    """The maker of disks."""
    return tool("mke2fs", "mke2fs")


CHECKS = (
    user, machine, namespace_kinds, user_namespaces, subordinate_ids, control_groups, overlay,
    seccomp, container, fast_starts, busybox, mke2fs, uml, qemu, kernel, kvm, machine_types,
    guest_system,
)  # fmt: skip
