"""Which steps make a process or a container out of a spec, and why in this order.

The order follows the OCI runtime specification and runc: namespaces with the clone, ids before
anything that needs a right, the control group before it is hidden, mounts before the root changes,
the filter before the rights are gone, the user last.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

from realrun.linux import cgroups, resources, seccomp_profile
from realrun.runtime import devices, mountplan, rootsteps
from realrun.runtime.mountplan import ROOT, mount_own_files
from realrun.runtime.plan import CHILD, ENGINE, FIRST_OUTPUT, Plan, Step
from realrun.runtime.rootsteps import CLONE, clone, ids_for, own_ids, root_steps
from realrun.runtime.spec import Spec
from realrun.runtime.users import User


def has_cgroup() -> bool:
    """May we make control groups here."""
    here = cgroups.detect()
    return here.writable and "memory" in here.trees


def wants_cgroup(spec: Spec) -> bool:
    """Root counts what is used and guards the devices; others only have to for limits' sake, for
    whoever was in the group that was delegated to them is moved."""
    return has_cgroup() and (not rootsteps.rootless() or bool(spec.limits))


def resources_of(spec: Spec) -> dict[str, Any]:
    """What its control group is told. Without privilege there is nothing to tell of devices: what
    a user namespace lets in are nodes of this machine that its user may open anyway."""
    rules = [one.rule() for one in devices.found(spec.devices)]
    guarded = spec.isolation == "container" and not rootsteps.rootless()
    return resources.of(spec.limits) | ({"devices": rules} if guarded else {})


def make(spec: Spec, folder: str, user: User) -> Plan:
    """The plan for `process` or `container`."""
    steps = container_steps if spec.isolation == "container" else process_steps
    chosen = [*steps(spec, folder, user), FIRST_OUTPUT]
    return Plan(spec.id, spec.isolation, "none", tuple(chosen))


def process_steps(spec: Spec, folder: str, user: User) -> list[Step]:
    """The image's files and nothing else: everything of the host stays in sight."""
    return [
        directories(folder, mountplan.without_name(spec)),
        own_files(spec, folder),
        clone(["mnt"], "fork; a mount table of its own, so that the files below leave no trace"),
        *root_steps(spec, folder),
        Step("host files", "show the host's own /proc, /sys and /dev", CHILD, "host files",
             {"root": ROOT}),
        mount_own_files(spec, folder),
        *mountplan.steps(spec, folder),
        *terminal_steps(spec, user, "/dev/ptmx"),
        Step("chroot", "make the image's files the root directory", CHILD, "chroot",
             {"root": ROOT}),
        working_directory(spec),
        *read_only_steps(spec),
        *become_steps(spec, user, keep=None),
    ]  # fmt: skip


def container_steps(spec: Spec, folder: str, user: User) -> list[Step]:
    """An isolated space on the host's own kernel."""
    own = ["mnt", "pid", "uts", "ipc"] + (["net"] if spec.network == "none" else [])
    root = {"root": ROOT}
    loopback = Step("loopback", "switch on the loopback device", CHILD, "loopback")
    return [
        directories(folder, mountplan.without_name(spec)),
        own_files(spec, folder),
        *cgroup_steps(spec),
        clone(own, f"make the first process in new namespaces: {', '.join(own)}",
              ids_for(spec, folder)),
        *join_steps(spec),
        keyring(),
        *root_steps(spec, folder),
        Step("proc", "mount a /proc with this container's processes alone", CHILD, "proc", root),
        *sys_steps(spec, root),
        Step("dev", "make a /dev with the six usual devices and its own terminals", CHILD, "dev",
             root | {"rootless": own_ids(spec), "shm_bytes": spec.shm_bytes}),
        *devices.steps(spec.devices, root, own_ids(spec)),
        mount_own_files(spec, folder),
        *mountplan.steps(spec, folder),
        Step("pivot root", "make the image the root and detach the host's files", CHILD,
             "pivot root", root),
        *terminal_steps(spec, user, "/dev/pts/ptmx", "/dev/console"),
        Step("mask paths", "cover what in /proc and /sys tells of the host", CHILD, "mask paths",
             {"trusted": not spec.mounts}),
        Step("hostname", "give the container its own name", CHILD, "hostname",
             {"name": spec.hostname}),
        *([loopback] if spec.network == "none" else []),
        working_directory(spec),
        *read_only_steps(spec),
        *seccomp_steps(spec),
        *become_steps(spec, user, keep=list(spec.capabilities)),
    ]  # fmt: skip


def keyring() -> Step:
    """Before the ids change: it counts as root's, who may have more."""
    return Step("keyring", "leave the keys of this machine, and begin with none", CHILD, "keyring")


def sys_steps(spec: Spec, root: dict[str, str]) -> list[Step]:
    """A sysfs belongs to a network namespace: without a new one only root may mount another."""
    bound = spec.network == "host" and own_ids(spec)
    return [Step("sys", "mount a read-only /sys", CHILD, "sys", root | {"bound": bound})]


def read_only_steps(spec: Spec) -> list[Step]:
    """When everything is made in it."""
    if not spec.read_only:
        return []
    return [Step("read-only root", "let nothing be written to the image's files from now on",
                 CHILD, "read-only root")]  # fmt: skip


def seccomp_steps(spec: Spec) -> list[Step]:
    """The filter of system calls: what a capability that is kept is for, it lets pass."""
    if not spec.seccomp:
        return []
    if spec.seccomp_profile:
        from realrun.linux import seccomp_docker

        args = seccomp_docker.program(spec.seccomp_profile, spec.capabilities)
    else:
        default = seccomp_profile.program(os.uname().machine, spec.capabilities)
        args = {"program": default.hex()}
    return [Step("seccomp", "refuse dangerous system calls from now on", CHILD, "seccomp", args)]


def terminal_steps(spec: Spec, user: User, ptmx: str, console: str = "") -> list[Step]:
    """A terminal, if one is asked for, out of the devpts that the program will see."""
    if spec.terminal is None:
        return []
    rows, columns = spec.terminal
    return [Step("terminal", "open a terminal, and hand its other end to the engine", CHILD,
                 "realrun.linux.terminal:give_terminal",
                 {"ptmx": ptmx, "console": console, "fd": 4, "uid": user.uid, "rows": rows,
                  "columns": columns})]  # fmt: skip


def directories(folder: str, volumes_in_it: Sequence[str] = ()) -> Step:
    """The writable layer: image plus this thin layer = container."""
    return Step("writable layer", "make an empty layer to take this instance's changes", ENGINE,
                "directories",
                {"folder": folder, "names": ["upper", "work", "root", *volumes_in_it]})  # fmt: skip


def own_files(spec: Spec, folder: str) -> Step:
    """Its own name, and where to ask for others; a process has all that of the host's."""
    network = "host" if spec.isolation == "process" else spec.network
    if spec.build_step:
        network = "build"
    return Step("own files", "write its hosts, hostname and resolv.conf", ENGINE, "own files",
                {"folder": folder, "hostname": spec.hostname, "network": network})  # fmt: skip


def cgroup_steps(spec: Spec) -> list[Step]:
    """A group that counts memory, lets no raw device be opened, and limits what is to be."""
    if not wants_cgroup(spec):
        return []
    return [Step("cgroup", "make a control group that counts and limits what is used", ENGINE,
                 "cgroup", {"name": spec.id, "wanted": resources_of(spec)})]  # fmt: skip


def join_steps(spec: Spec, hide: bool = True) -> list[Step]:
    """Into the group; outside paths still exist here, after the change of root they do not."""
    if not wants_cgroup(spec):
        return []
    here = cgroups.detect()
    group = cgroups.folders(here, spec.id, cgroups.needed(here.version, resources_of(spec)))
    return [Step("join cgroup", "enter the control group, and hide the groups above it", CHILD,
                 "join cgroup", {"group": group, "hide": hide})]  # fmt: skip


def working_directory(spec: Spec) -> Step:
    """As Docker does; the image may lack it."""
    return Step("working directory", f"make sure that {spec.cwd} exists", CHILD,
                "working directory", {"cwd": spec.cwd})  # fmt: skip


def become_steps(
    spec: Spec, user: User, keep: list[str] | None, joined: bool = False
) -> list[Step]:
    """Its limits, the image's user, what else it is to lack, then become the program; `joined`: in
    an instance that runs already."""
    does = "switch to the user" + (" and give up root's dangerous rights" if keep else "")
    env = dict(spec.env) if spec.env.get("HOME") else {**spec.env, "HOME": user.home}
    limited = Step("resource limits", "limit each process: " + ", ".join(spec.ulimits), CHILD,
                   "realrun.linux.limits:set_limits", {"ulimits": dict(spec.ulimits)})  # fmt: skip
    closed = Step("no new privileges", "let no program raise its rights, by setuid or otherwise",
                  CHILD, "no new privileges")  # fmt: skip
    reaper = Step("init", "split in two: the first process reaps orphans and passes signals on",
                  CHILD, "realrun.runtime.reaper:split", {"argv": list(spec.argv)})  # fmt: skip
    return [
        *([limited] if spec.ulimits else []),
        Step("user", does, CHILD, "user",
             {"uid": user.uid, "gid": user.gid, "groups": list(user.groups), "keep": keep}),
        *([closed] if spec.no_new_privileges else []),
        *([reaper] if spec.init else []),
        Step("exec", "replace the engine's code by the program", CHILD, "exec",
             {"argv": list(spec.argv), "env": env, "cwd": spec.cwd, "joined": joined}),
    ]  # fmt: skip


def request(plan: Plan, folder: str) -> dict[str, Any]:
    """The plan as the spawner takes it: who does what, in JSON."""
    steps = {step.name: step for step in plan.steps}
    own = steps[CLONE].args["namespaces"]
    joined, ids = (steps[CLONE].args.get(name) for name in ("join", "ids"))
    engine = [step for step in plan.by(ENGINE) if step[1] != CLONE]
    return {
        "id": plan.instance,
        "folder": folder,
        "cgroup": "cgroup" in steps,
        "pid_namespace": "pid" in own or joined is not None,
        "exec": max(place for place, step in enumerate(plan.steps) if step.who == CHILD),
        "plan": {
            "engine": engine,
            "clone": list(steps).index(CLONE),
            "namespaces": own,
            "join": joined,
            "ids": ids,
            "child": plan.by(CHILD),
        },
    }
