"""The control groups of one container: where they are, made, limited, emptied and removed.

Every tree of version 1 that is mounted gets a group, as with runc, or the one tree of version 2.
What was made is noted, and that alone is removed in the end: a group that was there before stays.

Source: OCI runtime-spec, `config-linux.md`, "Control groups"; cgroups(7).
"""

from __future__ import annotations

import errno
import os
import signal
import time
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from realrun.errors import BadBundle, Missing
from realrun.linux import cgroups, device_rules

GIVE_UP_S = 10.0
MOMENT_S = 0.002
TRIES = 100
FREEZER = {"v1": ("freezer.state", "FROZEN", "THAWED"), "v2": ("cgroup.freeze", "1", "0")}


class Groups(NamedTuple):
    """A container's groups, as its state keeps them."""

    version: str  # "v1" or "v2"; a hybrid machine is v1
    folders: dict[str, str]  # by controllers as they are mounted, e.g. "cpu,cpuacct"
    made: tuple[str, ...]  # parents first

    def of(self, controller: str) -> str:
        """The folder where a controller's files are. Raises Missing."""
        for names, folder in self.folders.items():
            if controller in names.split(",") or self.version == "v2":
                return folder
        raise Missing(f"this machine has no cgroup controller {controller!r}: leave its limits out")


def trees(mountinfo: str) -> tuple[str, dict[str, tuple[str, str]]]:
    """The version, and for each tree's controllers where it is mounted, and below which group.

    A machine with both versions works by version 1; the tree of version 2 has no controller's name.
    """
    v1: dict[str, tuple[str, str]] = {}
    v2: dict[str, tuple[str, str]] = {}
    for line in mountinfo.splitlines():
        before, _, after = line.partition(" - ")
        root, folder = before.split()[3:5]
        kind, options = after.split()[0], after.split()[-1].split(",")
        if kind == "cgroup":
            names = ",".join(word for word in options if word not in ("rw", "ro", "xattr"))
            v1.setdefault(names, (folder, root))
        elif kind == "cgroup2":
            v2.setdefault("", (folder, root))
    return ("v1", v1 | v2) if v1 else ("v2", v2)


def here() -> tuple[str, dict[str, tuple[str, str]]]:
    """The trees of this machine."""
    with open("/proc/self/mountinfo", encoding="utf-8") as file:
        return trees(file.read())


def path_of(wanted: str | None, instance: str) -> str:
    """The place of the group in each tree: the same for the same value, always below the root."""
    path = os.path.normpath(f"/{wanted}" if wanted else f"/{instance}").lstrip("/")
    if not path or ":" in path:
        raise BadBundle(
            f"config.json: linux.cgroupsPath: expected a path such as /docker/ID; got {wanted!r}"
            " (a name with colons is systemd's, which is not supported)"
        )
    return path


def planned(path: str) -> Groups:
    """The groups that are to be made, noted before they are: whoever cleans up has to find them."""
    version, mounted = here()
    trees_of = {names: tree for names, (tree, _) in mounted.items()}
    made = [folder for tree in trees_of.values() for folder in missing_folders(tree, path)]
    folders = {names: f"{tree}/{path}" for names, tree in trees_of.items()}
    return Groups(version, folders, tuple(made))


def create(plan: Groups, path: str) -> Groups:
    """Make the groups; gives those that were made.

    Others make and remove the groups above ours meanwhile, so it may take more than one try.
    """
    made: dict[str, None] = {}
    for tree in [folder.removesuffix(f"/{path}") for folder in plan.folders.values()]:
        for _ in range(TRIES):
            if all(made_one(folder, plan.version, made) for folder in missing_folders(tree, path)):
                break
    return plan._replace(made=tuple(made))


def missing_folders(tree: str, path: str) -> Iterator[str]:
    """The group and those above it, as far as they are not there, parents first."""
    folder = tree
    for name in path.split("/"):
        folder = f"{folder}/{name}"
        if not os.path.isdir(folder):
            yield folder


def made_one(folder: str, version: str, made: dict[str, None]) -> bool:
    """Make one group and note it; False if the one above it has gone meanwhile."""
    try:
        if version == "v2":
            hand_down(os.path.dirname(folder))
        os.mkdir(folder)
        made.setdefault(folder)
    except FileExistsError:
        pass  # somebody else was faster, and it is his
    except FileNotFoundError:
        return False
    if version == "v1":
        cgroups.inherit(folder)
    return True


def hand_down(folder: str) -> None:
    """Give a group's children its controllers (version 2), as far as it has them."""
    for name in cgroups.read_words(f"{folder}/cgroup.controllers"):
        try:
            cgroups.write(f"{folder}/cgroup.subtree_control", f"+{name}")
        except OSError as error:
            if error.errno not in (errno.EBUSY, errno.EINVAL, errno.ENOENT, errno.EOPNOTSUPP):
                raise


def limit(groups: Groups, wanted: Mapping[str, Any], with_devices: bool = True) -> None:
    """Write the limits; a controller or a file that is missing is an error."""
    cgroups.limit(groups.version, groups.of, wanted)
    rules = wanted.get("devices")
    if rules and with_devices:
        rules = [*rules, *device_rules.ALWAYS]
        cgroups.restrict(groups.version, groups.of("devices"), rules)


def members(groups: Groups) -> list[int]:
    """The processes in the group and in those that it made below itself."""
    found: set[int] = set()
    for folder in dict.fromkeys(groups.folders.values()):
        for place, _, _ in os.walk(folder):
            found.update(int(word) for word in cgroups.read_words(f"{place}/cgroup.procs"))
    return sorted(found)


def own_members(groups: Groups) -> list[int]:
    """The processes of the container, by one tree that no program moves itself out of."""
    names = next((one for one in groups.folders if "devices" in one or "pids" in one), None)
    chosen = groups if names is None else Groups(groups.version, {names: groups.folders[names]}, ())
    return members(chosen)


def freeze(groups: Groups, frozen: bool) -> None:
    """Stop all processes where they are, or let them go on; waits until it is so."""
    file, stopped, moving = FREEZER[groups.version]
    path = f"{groups.of('freezer')}/{file}"
    deadline = time.monotonic() + GIVE_UP_S
    while is_frozen(groups) != frozen:
        if time.monotonic() > deadline:
            raise OSError(errno.EBUSY, "the control group does not change its state", path)
        cgroups.write(path, stopped if frozen else moving)
        time.sleep(MOMENT_S)


def is_frozen(groups: Groups) -> bool:
    """Has everything in the group been stopped."""
    if groups.version == "v2":
        return "frozen 1" in " ".join(cgroups.read_words(f"{groups.folders['']}/cgroup.events"))
    if not any("freezer" in names for names in groups.folders):
        return False
    return cgroups.read_words(f"{groups.of('freezer')}/freezer.state") == ["FROZEN"]


def send_all(groups: Groups, number: int) -> None:
    """A signal to every process of the container."""
    for pid in own_members(groups):
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            continue


def kill_all(groups: Groups) -> None:
    """SIGKILL until nobody is left, also those that are frozen."""
    deadline = time.monotonic() + GIVE_UP_S
    while own_members(groups):
        if time.monotonic() > deadline:
            raise OSError(errno.EBUSY, "processes in the control group do not end")
        send_all(groups, signal.SIGKILL)
        if is_frozen(groups):
            freeze(groups, False)
        time.sleep(MOMENT_S)


def remove(groups: Groups) -> None:
    """Remove what was made, if it is empty, with what its programs made below the group itself."""
    own = set(groups.folders.values())
    for folder in reversed(groups.made):
        below = [place for place, _, _ in os.walk(folder, topdown=False)] if folder in own else []
        for place in [*below, folder]:
            remove_one(place, must=folder in own)


def remove_one(folder: str, must: bool) -> None:
    """One group. The kernel lets go of the last process a moment after its end."""
    deadline = time.monotonic() + GIVE_UP_S
    while True:
        try:
            os.rmdir(folder)
            return
        except FileNotFoundError:
            return
        except OSError as error:
            if error.errno not in (errno.EBUSY, errno.ENOTEMPTY):
                raise
            if not must:
                return  # another container's, by now
            if time.monotonic() > deadline:
                raise
        time.sleep(MOMENT_S)
