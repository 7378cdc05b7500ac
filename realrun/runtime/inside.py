"""The plan of one more program in an instance that runs already: exec.

Nothing is made, so nothing is removed: it enters what is there (setns(2)) and becomes the program.
"""

from __future__ import annotations

import dataclasses
import os
from typing import NamedTuple

from realrun.errors import UsageError
from realrun.linux import cgroups, namespaces
from realrun.runtime import planning, rootsteps
from realrun.runtime.plan import CHILD, ENGINE, FIRST_OUTPUT, Plan, Step
from realrun.runtime.spec import Spec
from realrun.runtime.users import User


class Container(NamedTuple):
    """A running instance as others find it."""

    id: str
    pid: int
    folder: str


def group_of(spec: Spec, container: Container) -> list[str]:
    """The folders of its control group; raises UsageError if its limits are out of our reach."""
    found = [one for one in cgroups.folders(cgroups.detect(), container.id) if os.path.isdir(one)]
    if spec.limits and not found:
        raise UsageError(
            "its limits are in a control group that was delegated elsewhere: enter it from there"
        )
    return found


def make(spec: Spec, container: Container, user: User) -> Plan:
    """The plan for `exec` in a process or a container; `spec` is the container's, but for the
    program, its settings and its terminal; a first process it has already."""
    spec = dataclasses.replace(spec, init=False)
    joined = {"namespaces": namespaces.foreign(container.pid), "group": []}
    contained = spec.isolation == "container"
    if contained:
        joined["group"] = group_of(spec, container)
    chroot = Step("chroot", "make the image's files the root directory", CHILD, "chroot",
                  {"root": f"{container.folder}/root"})  # fmt: skip
    steps = [
        Step(rootsteps.CLONE, f"enter the namespaces and the control group of {container.id[:12]}",
             ENGINE, rootsteps.CLONE,
             {"namespaces": [], "join": joined, "ids": rootsteps.maps(spec)}),
        *([planning.keyring()] if contained else []),
        *rootsteps.root_again(spec),
        *planning.terminal_steps(spec, user, "/dev/pts/ptmx" if contained else "/dev/ptmx"),
        *(planning.seccomp_steps(spec) if contained else [chroot]),
        *planning.become_steps(spec, user, list(spec.capabilities) if contained else None,
                               joined=True),
        FIRST_OUTPUT,
    ]  # fmt: skip
    return Plan(spec.id, spec.isolation, "none", tuple(steps))
