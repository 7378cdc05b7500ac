"""A bundle: its config.json, read and checked before anything is made.

What the specification demands of a configuration is checked here, so that a bad one is one line and
nothing else; properties that it does not name are passed over, as it demands as well.

Source: OCI runtime-spec, `bundle.md`, `config.md`, `config-linux.md`.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from realrun.errors import BadBundle, BadImage
from realrun.image import documents
from realrun.linux import limits
from realrun.linux.idmaps import Range

Config = dict[str, Any]
VERSION = "1.2.1"  # of the specification that is followed
SEMVER = re.compile(r"(\d+)\.(\d+)\.(\d+)(?:[-+].*)?")
NAMESPACES = {
    "pid": "pid",
    "network": "net",
    "mount": "mnt",
    "ipc": "ipc",
    "uts": "uts",
    "user": "user",
    "cgroup": "cgroup",
    "time": "time",
}  # by the specification's names, and the kernel's (/proc/self/ns)
RLIMITS = limits.NUMBERS | {"as": 9}  # Docker's list, and what it leaves out
HOOKS = (
    "prestart", "createRuntime", "createContainer", "startContainer", "poststart", "poststop",
)  # fmt: skip
OBJECTS = ("root", "process", "process.user", "process.capabilities", "process.consoleSize",
           "linux", "linux.timeOffsets", "linux.resources", "linux.seccomp", "linux.sysctl",
           "hooks", "annotations")  # fmt: skip
LISTS = ("mounts", "process.rlimits", "linux.namespaces", "linux.devices", "linux.uidMappings",
         "linux.gidMappings", "linux.seccomp.syscalls",
         *(f"hooks.{kind}" for kind in HOOKS))  # fmt: skip
WORDS = ("process.args", "process.env", "linux.maskedPaths", "linux.readonlyPaths")
TEXTS = ("ociVersion", "hostname", "domainname", "root.path", "process.cwd", "linux.cgroupsPath",
         "linux.rootfsPropagation")  # fmt: skip
LABELS = {
    "apparmorProfile": "with Docker and podman: --security-opt apparmor=unconfined",
    "selinuxLabel": "with Docker and podman: --security-opt label=disable",
}
NS_PER_S = 10**9
ID_KEYS = ("containerID", "hostID", "size")
MAPS = ("uidMappings", "gidMappings")


def load(folder: Path) -> Config:
    """The configuration of a bundle, checked. Raises BadBundle."""
    path = folder / "config.json"
    try:
        config = documents.load(path.read_bytes(), str(path))
    except OSError as error:
        raise BadBundle(f"{path}: {error.strerror}; a bundle has a config.json") from None
    except BadImage as error:
        raise BadBundle(str(error)) from None
    check(config)
    return config


def check(config: Config) -> None:
    """Raises BadBundle for the first thing that the specification forbids."""
    check_types(config)
    version = SEMVER.fullmatch(config.get("ociVersion", ""))
    if not version or version[1] != "1":
        refuse("ociVersion", "a version 1.x.y", config.get("ociVersion"))
    if not get(config, "root.path"):
        refuse("root.path", "the root file system's path", get(config, "root.path"))
    if "process" in config:
        check_process(config["process"])
    for at, mount in enumerate(config.get("mounts", ())):
        if not isinstance(mount.get("destination"), str) or not mount["destination"]:
            refuse(f"mounts[{at}].destination", "a path", mount.get("destination"))
    check_linux(config)
    check_hooks(config.get("hooks", {}))
    for key, value in config.get("annotations", {}).items():
        if not key or not isinstance(value, str):
            refuse(f"annotations.{key}", "a key and a text", value)


def get(config: Mapping[str, Any], path: str) -> Any:
    """What lies at a dotted path, None where the way ends."""
    found: Any = config
    for name in path.split("."):
        found = found.get(name) if isinstance(found, dict) else None
    return found


def refuse(path: str, expected: str, found: object) -> None:
    """The one form of all refusals: where, what was expected, what is there."""
    raise BadBundle(f"config.json: {path}: expected {expected}; got {found!r:.200}")


def check_types(config: Config) -> None:
    """Objects, lists and texts are where they are to be."""
    for paths, kind, name in (
        (OBJECTS, dict, "an object"),
        (TEXTS, str, "a text"),
        ((*LISTS, *WORDS), list, "a list"),
    ):
        for path in paths:
            found = get(config, path)
            if found is not None and not isinstance(found, kind):
                refuse(path, name, found)
    for path in LISTS:
        for at, one in enumerate(get(config, path) or ()):
            if not isinstance(one, dict):
                refuse(f"{path}[{at}]", "an object", one)
    for path in WORDS:
        for at, one in enumerate(get(config, path) or ()):
            if not isinstance(one, str) or "\0" in one:
                refuse(f"{path}[{at}]", "a text", one)


def check_process(process: Config) -> None:
    """What is to be run: also that of `exec`."""
    if not process.get("args"):
        refuse("process.args", "at least the program", process.get("args"))
    if not str(process.get("cwd", "")).startswith("/"):
        refuse("process.cwd", "an absolute path", process.get("cwd"))
    for key, way_out in LABELS.items():
        if process.get(key):
            refuse(f"process.{key}", f"none, as none can be set ({way_out})", process[key])
    user = process.get("user", {})
    for key in ("uid", "gid", "umask"):
        if not is_count(user.get(key, 0)):
            refuse(f"process.user.{key}", "a number of 32 bits", user.get(key))
    for group in user.get("additionalGids", ()):
        if not is_count(group):
            refuse("process.user.additionalGids", "numbers of 32 bits", group)
    kinds = [one.get("type") for one in process.get("rlimits", ())]
    for kind in kinds:
        if str(kind).removeprefix("RLIMIT_").lower() not in RLIMITS:
            refuse("process.rlimits", "limits that this system has", kind)
        if kinds.count(kind) > 1:
            refuse("process.rlimits", "each limit once", kind)
    score = process.get("oomScoreAdj")
    if score is not None and not (isinstance(score, int) and -1000 <= score <= 1000):
        refuse("process.oomScoreAdj", "a number from -1000 to 1000", score)


def ranges(told: Sequence[Mapping[str, int]] | None) -> list[Range]:
    """A map of ids as the kernel takes it."""
    return [(one["containerID"], one["hostID"], one["size"]) for one in told or ()]


def is_count(value: object) -> bool:
    """A number that the kernel takes for an id."""
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 1 << 32


def check_linux(config: Config) -> None:
    """Namespaces, and what makes sense only with a new one of some kind."""
    linux = config.get("linux", {})
    for key in ("mountLabel", "intelRdt", "personality"):
        if linux.get(key):
            refuse(f"linux.{key}", "none, as this runtime cannot set it", linux[key])
    kinds = [one.get("type") for one in linux.get("namespaces", ())]
    for kind in kinds:
        if kind not in NAMESPACES:
            refuse("linux.namespaces", f"kinds of {', '.join(NAMESPACES)}", kind)
        if kinds.count(kind) > 1:
            refuse("linux.namespaces", "each kind once", kind)
    for one in linux.get("namespaces", ()):
        if one.get("path") and not str(one["path"]).startswith("/"):
            refuse("linux.namespaces", "an absolute path", one["path"])
    check_offsets(linux.get("timeOffsets") or {})
    for wanted, kind in needs_namespace(config):
        if kind not in kinds:
            refuse(wanted, f"to come with a namespace of kind {kind}", "none")
    for path in MAPS:
        for one in linux.get(path, ()):
            if not all(is_count(one.get(key)) for key in ID_KEYS):
                refuse(f"linux.{path}", f"numbers for {', '.join(ID_KEYS)}", one)
    for at, device in enumerate(linux.get("devices", ())):
        if not str(device.get("path", "")).startswith("/"):
            refuse(f"linux.devices[{at}].path", "an absolute path", device.get("path"))
        if device.get("type") not in ("c", "u", "b", "p"):
            refuse(f"linux.devices[{at}].type", "c, u, b or p", device.get("type"))


def check_offsets(offsets: Config) -> None:
    """Of clocks that a time namespace has: seconds, also negative ones, and nanoseconds."""
    for clock, one in offsets.items():
        if clock not in ("monotonic", "boottime"):
            refuse("linux.timeOffsets", "monotonic and boottime", clock)
        secs, nanosecs = (one.get("secs", 0), one.get("nanosecs", 0)) if one else (0, 0)
        if not isinstance(secs, int) or not (is_count(nanosecs) and nanosecs < NS_PER_S):
            refuse(f"linux.timeOffsets.{clock}", "secs, and nanosecs below a second", one)


def needs_namespace(config: Config) -> Iterator[tuple[str, str]]:
    """What is asked for that would otherwise change the host, and the namespace that it needs."""
    linux = config.get("linux", {})
    for path, kind in (("hostname", "uts"), ("domainname", "uts")):
        if config.get(path):
            yield path, kind
    for path in MAPS:
        if linux.get(path):
            yield f"linux.{path}", "user"
    if linux.get("timeOffsets"):
        yield "linux.timeOffsets", "time"
    for name in linux.get("sysctl", ()):
        yield f"linux.sysctl.{name}", sysctl_namespace(name)


def sysctl_namespace(name: str) -> str:
    """The namespace that a setting of the kernel belongs to (sysctl(8), namespaces(7)).

    >>> sysctl_namespace("net.ipv4.ip_forward")
    'network'
    """
    path = name.replace("/", ".")
    if path.startswith("net."):
        return "network"
    if path == "kernel.domainname":
        return "uts"
    if path.startswith(("fs.mqueue.", "kernel.msg", "kernel.shm")) or path == "kernel.sem":
        return "ipc"
    raise BadBundle(f"config.json: linux.sysctl.{name}: it is in no namespace, so it is the host's")


def check_hooks(hooks: Config) -> None:
    """Each with an absolute path and, if any, a positive timeout."""
    for kind in HOOKS:
        for at, hook in enumerate(hooks.get(kind, ())):
            if not str(hook.get("path", "")).startswith("/"):
                refuse(f"hooks.{kind}[{at}].path", "an absolute path", hook.get("path"))
            timeout = hook.get("timeout", 1)
            if not isinstance(timeout, int) or timeout <= 0:
                refuse(f"hooks.{kind}[{at}].timeout", "seconds above 0", timeout)


def root_of(config: Config, folder: Path) -> str:
    """The root file system's path; relative ones begin in the bundle. Raises BadBundle."""
    path = os.path.realpath(folder / config["root"]["path"])
    if not os.path.isdir(path):
        refuse("root.path", "a directory", path)
    return path
