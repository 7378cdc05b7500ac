"""The plan of a visit: work of ours among a container's files, seen as the container sees them.

The visitor has the container's root as its root, so no link leads out, whoever changes it
meanwhile. It has a mount table of its own, without /proc, /sys and /dev: Docker does not show those
to `cp` either, and without /proc there are no links but those of files. It is in no other namespace
of the container (but the user namespace, which grants the right): nobody there sees it or can stop
it. It carries out one step, and ends.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from realrun.linux import namespaces
from realrun.runtime import mountplan, planning, rootsteps
from realrun.runtime.inside import Container
from realrun.runtime.plan import CHILD, ENGINE, Plan, Step
from realrun.runtime.spec import Spec

NEEDED = ("user", "mnt")


def work(verb: str, args: Mapping[str, Any]) -> Step:
    """What the visitor is there for: a verb `module:function` that gets `root` as well."""
    return Step("work", "do the work, inside", CHILD, verb, {"root": "/", **args})


def running(spec: Spec, container: Container, act: Step) -> Plan:
    """Into a running process or container; `spec` is its own."""
    foreign = [name for name in namespaces.foreign(container.pid) if name in NEEDED]
    chroot = Step("chroot", "make the container's files the root directory", CHILD, "chroot",
                  {"root": f"{container.folder}/root"})  # fmt: skip
    steps = [
        Step(rootsteps.CLONE, f"enter the files of {container.id[:12]}", ENGINE, rootsteps.CLONE,
             {"namespaces": [], "join": {"namespaces": foreign, "group": []}}),
        *rootsteps.root_again(spec),
        Step("own mounts", "get a mount table of our own", CHILD,
             "unshare", {"namespace": "mnt"}),
        rootsteps.private_mounts(),
        *([chroot] if spec.isolation == "process" else []),
        uncover(),
        act,
    ]  # fmt: skip
    return Plan(spec.id, spec.isolation, "none", tuple(steps))


def stopped(spec: Spec, folder: str, act: Step, mounts: bool) -> Plan:
    """To the files of a container that does not run; `spec` is the visit's, see `spec_of`.

    Without `mounts` the visitor sees nothing that is mounted from outside.
    """
    root = {"root": mountplan.ROOT}
    seen = [mountplan.mount_own_files(spec, folder), *mountplan.steps(spec, folder)]
    steps = [
        planning.directories(folder, mountplan.without_name(spec)),
        planning.own_files(spec, folder),
        rootsteps.clone(["mnt", "pid"], "make a process with a mount table of its own",
                       rootsteps.ids_for(spec, folder)),
        *rootsteps.root_steps(spec, folder),
        Step("proc", "mount a /proc, as mounting needs it", CHILD, "proc", root),
        *(seen if mounts else []),
        Step("pivot root", "make the container's files the root", CHILD, "pivot root", root),
        uncover(),
        *planning.read_only_steps(spec),
        act,
    ]  # fmt: skip
    return Plan(spec.id, spec.isolation, "none", tuple(steps))


def spec_of(spec: Spec, upper: str, instance: str) -> Spec:
    """A stopped container's spec for a visit: what was in memory has gone with its last run."""
    kept = tuple(mount for mount in spec.mounts if mount.kind != "tmpfs")
    return replace(spec, id=instance, upper=upper, mounts=kept)


def uncover() -> Step:
    """After the root is the container's."""
    return Step("uncover", "take away /proc, /sys and /dev", CHILD, "realrun.linux.mounts:uncover")
