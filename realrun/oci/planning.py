"""Which steps make a container out of a configuration, and why in this order.

The order is the specification's and runc's: the group before it is hidden, id maps before anything
that needs a right, mounts in the order listed, hooks before the root changes, what is covered after
that, the rights last; the filter before them unless the process can gain no new ones.

Source: OCI runtime-spec, `runtime.md`, "Lifecycle", `config.md`, `config-linux.md`.
"""

from __future__ import annotations

import os
from typing import Any

from realrun.errors import BadBundle
from realrun.linux import mounts
from realrun.oci import groups, idmapped, mountwords
from realrun.oci.bundle import NAMESPACES, Config, get, refuse
from realrun.oci.inside import CONSOLE
from realrun.oci.process import (
    child,
    exec_steps,
    here,
    process_steps,
    seccomp_steps,
    terminal_steps,
)
from realrun.oci.state import CREATED, CREATING, Container
from realrun.runtime.plan import ENGINE, Step

CLONE, MAPPED, MADE = "clone", "id maps", "rootfs"  # where the creator has something to do
PROPAGATIONS = mountwords.PROPAGATIONS
DEVICE_MODE = 0o666


def create(container: Container, console: bool) -> tuple[Step, ...]:
    """All that happens between `create` and the program's first instruction."""
    config, root = container.config, container.rootfs
    process = config["process"]
    return (
        clone(container),
        *enter_steps(container),
        *root_steps(container),
        child(MADE, "wait until the engine has run its hooks", here("inside:wait_for_creator")),
        *hook_steps(container, "createContainer", CREATING),
        *terminal_steps(process, console, f"{root}/dev", fd=CONSOLE),
        *change_root_steps(container),
        *process_steps(config),
        child("ready", "let the creator go", here("inside:outlive_creator")),
        child("wait", "wait for `start`", here("inside:wait_for_start")),
        *hook_steps(container, "startContainer", CREATED),
        *late_filter(config),
        *exec_steps(process),
    )


def clone(container: Container) -> Step:
    """New namespaces, those given by a path, and the host's where nothing is said.

    With a path a helper enters it first, after the group; else the child enters the group itself.
    A new time namespace takes its offsets from such a helper, for nobody may live in it before.
    """
    new, paths = [], []
    offsets = get(container.config, "linux.timeOffsets") or {}
    for one in get(container.config, "linux.namespaces") or ():
        kind = NAMESPACES[one["type"]]
        if one.get("path"):
            paths.append((kind, one["path"]))
        else:
            new.append(kind)
    args: dict[str, Any] = {"namespaces": [kind for kind in new if kind != "cgroup"]}
    if helped(container.config):
        born = [kind for kind in new if kind != "time" or not offsets]
        args = {
            "namespaces": new,
            "join": {
                "namespaces": [],
                "paths": paths,
                "new": born,
                "offsets": offsets,
                "group": folders(container),
            },
        }
    return Step(CLONE, f"a first process in new namespaces: {', '.join(new)}", ENGINE, CLONE, args)


def helped(config: Config) -> bool:
    """Does a helper go first."""
    listed = get(config, "linux.namespaces") or ()
    return any(one.get("path") for one in listed) or bool(get(config, "linux.timeOffsets"))


def folders(container: Container) -> list[str]:
    """The folders of its control group."""
    return list(dict.fromkeys(container.groups.folders.values())) if container.groups else []


def enter_steps(container: Container) -> list[Step]:
    """Into the group, root of the user namespace, and then alone."""
    steps = []
    namespaces = get(container.config, "linux.namespaces") or ()
    if not helped(container.config):
        hide = any(one["type"] == "cgroup" for one in namespaces)
        steps.append(child("join cgroup", "enter the control group", "join cgroup",
                           group=folders(container), hide=hide))  # fmt: skip
    steps.append(child(MAPPED, "wait until the engine has set ids and limits",
                       here("inside:wait_for_creator")))  # fmt: skip
    if any(one["type"] == "user" for one in namespaces):
        steps.append(child("root inside", "become root of the user namespace",
                           here("inside:become_root")))  # fmt: skip
    terminal = bool(container.config["process"].get("terminal"))
    steps.append(child("alone", "a session and a keyring of its own", here("inside:be_alone"),
                       session=not terminal, first=CONSOLE + terminal))  # fmt: skip
    return steps


def late_filter(config: Config) -> list[Step]:
    """The filter, where it comes after the rights: who can gain none may load it without any."""
    return seccomp_steps(config, bool(config["process"].get("noNewPrivileges")))


def has_new(config: Config, kind: str) -> bool:
    """Is there to be a new namespace of that kind."""
    listed = get(config, "linux.namespaces") or ()
    return any(one["type"] == kind and not one.get("path") for one in listed)


def has_mounts(config: Config) -> bool:
    """Is there a mount namespace, new or by path."""
    return any(one["type"] == "mount" for one in get(config, "linux.namespaces") or ())


def in_user_namespace(config: Config) -> bool:
    """Is there a user namespace, new or by path."""
    return any(one["type"] == "user" for one in get(config, "linux.namespaces") or ())


def root_steps(container: Container) -> list[Step]:
    """The root, everything on it, and what a root needs to be one."""
    config, root = container.config, container.rootfs
    names = {key: config.get(key, "") for key in ("hostname", "domainname")}
    sysctls = get(config, "linux.sysctl")
    steps = [
        child("root", "make the root file system a mount of its own",
              here("mounting:prepare_root"), root=root, propagation=first_propagation(config)),
        child("mounts", "mount what the configuration lists, in its order",
              here("mounting:mount_all"), root=root, wanted=wanted_mounts(container)),
        child("devices", "make the usual devices and those asked for",
              here("mounting:make_devices"), root=root, **wanted_devices(config)),
    ]  # fmt: skip
    if has_new(config, "network"):
        steps.append(child("loopback", "switch on the loopback device", "loopback"))
    if any(names.values()):
        steps.append(child("names", "set the host's names", here("inside:set_names"), **names))
    if sysctls:
        steps.append(child("sysctl", "settings of the kernel for these namespaces",
                           here("inside:set_sysctls"), settings=sysctls))  # fmt: skip
    return steps


def first_propagation(config: Config) -> int:
    """Of everything before the root is changed; without a word, changes come in but not out.

    In the host's own mount namespace that is left alone.
    """
    if not has_mounts(config):
        return 0
    word = get(config, "linux.rootfsPropagation") or "rslave"
    flag = PROPAGATIONS.get(word.removeprefix("r"))
    if flag is None:
        refuse("linux.rootfsPropagation", f"one of {', '.join(PROPAGATIONS)}", word)
    assert flag is not None
    return flag | mounts.REC


def wanted_mounts(container: Container) -> list[dict[str, Any]]:
    """The mounts as the child takes them. Relative places begin at the root."""
    found = []
    for one in container.config.get("mounts", ()):
        source = one.get("source", "")
        planned = mountwords.plan(one, source)
        if planned["bind"]:
            if not source:
                raise BadBundle(f"config.json: mounts: {one['destination']}: a bind has a source")
            planned["path"] = planned["source"] = os.path.join(container.bundle, source)
        planned["maps"] = idmapped.maps_of(container.config, one, planned)
        if planned["maps"]:  # found by a name of its own: another mount may show the same
            planned["source"] = f"{planned['path']} at {planned['target']}"
        if planned["kind"] == "cgroup" and not planned["bind"]:
            planned |= cgroup_view(container)
        if is_dev(planned["target"]):
            planned["flags"] &= ~mounts.RDONLY  # until the devices are made
        found.append(planned)
    return found


def cgroup_view(container: Container) -> dict[str, Any]:
    """What a mount of type cgroup is to show: of version 1 each tree by the name it has here."""
    version, mounted = groups.here()
    own = container.groups.folders if container.groups else {}
    trees = [(os.path.basename(tree), names, own.get(names, tree))
             for names, (tree, _) in mounted.items() if names]  # fmt: skip
    namespace = any(
        one["type"] == "cgroup" for one in get(container.config, "linux.namespaces") or ()
    )
    return {"version": version, "trees": trees, "namespace": namespace}


def is_dev(path: str) -> bool:
    """Is it the place of the devices."""
    return os.path.normpath(f"/{path}") == "/dev"


def wanted_devices(config: Config) -> dict[str, Any]:
    """The default devices unless the host's /dev is bound, and the ones asked for."""
    given = [
        {"fileMode": DEVICE_MODE, "uid": 0, "gid": 0, "major": 0, "minor": 0} | one
        for one in get(config, "linux.devices") or ()
    ]
    words = [one.get("options", ()) for one in config.get("mounts", ())
             if is_dev(one["destination"])]  # fmt: skip
    own = not any("bind" in options or "rbind" in options for options in words)
    paths = {one["path"] for one in given}
    usual = [
        {"path": f"/dev/{name}", "type": "c", "major": major, "minor": minor,
         "fileMode": DEVICE_MODE, "uid": 0, "gid": 0}
        for name, major, minor in (*mounts.DEVICES, mounts.TTY) if f"/dev/{name}" not in paths
    ]  # fmt: skip
    return {"devices": [*(usual if own else ()), *given], "links": own,
            "bound": in_user_namespace(config)}  # fmt: skip


def hook_steps(container: Container, kind: str, status: str) -> list[Step]:
    """Hooks that are called in the container's namespaces."""
    called = get(container.config, f"hooks.{kind}")
    if not called:
        return []
    return [child(kind, f"call {len(called)} hooks", here("inside:container_hooks"),
                  kind=kind, called=called, state=container.document(status))]  # fmt: skip


def change_root_steps(container: Container) -> list[Step]:
    """The new root, how it is shared, and what is covered in it."""
    config, root = container.config, container.rootfs
    word = get(config, "linux.rootfsPropagation")
    own = has_mounts(config)
    steps = [
        child("pivot root", "make it the root and detach the host's files", "pivot root",
              root=root) if own else
        child("chroot", "make it the root directory", "chroot", root=root)
    ]  # fmt: skip
    if word and own:
        flag = PROPAGATIONS[word.removeprefix("r")] | (mounts.REC if word[0] == "r" else 0)
        steps.append(child("propagation", f"share what is mounted: {word}",
                           here("mounting:set_propagation"), propagation=flag))  # fmt: skip
    covered = {"masked": get(config, "linux.maskedPaths") or [],
               "read_only": get(config, "linux.readonlyPaths") or []}  # fmt: skip
    steps.append(child("mask paths", "cover what tells of the host",
                       here("mounting:cover_paths"), **covered))  # fmt: skip
    closed = [one["destination"] for one in config.get("mounts", ())
              if is_dev(one["destination"]) and "ro" in one.get("options", ())]  # fmt: skip
    if config["root"].get("readonly"):
        closed.append("/")
    for path in closed:
        steps.append(child(f"read-only {path}", "let nothing be written there from now on",
                           here("mounting:make_read_only"), path=path))  # fmt: skip
    return steps
