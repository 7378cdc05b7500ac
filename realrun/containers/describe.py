"""All that is known of a container, in the words of `docker inspect`; RealRun is ours alone.

Source: Docker Engine API, `GET /containers/{id}/json` (ContainerInspect).
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from realrun.containers.record import CREATED, RUNNING, Container, State
from realrun.containers.registry import Registry
from realrun.image.sizes import size_of
from realrun.linux.capabilities import DOCKER_DEFAULT
from realrun.runtime import volumes
from realrun.runtime.mountwords import TMPFS_DEFAULT
from realrun.runtime.spec import Mount, Spec

NEVER = "0001-01-01T00:00:00Z"  # Go's zero time
NANOS_OF_MILLI = 1_000_000


def inspect(registry: Registry, container: Container, sizes: bool = False) -> dict[str, Any]:
    """One container; with `sizes` what it has written, and that with its image's files."""
    spec, state = container.spec, registry.state(container)
    return {
        "Id": container.id,
        "Created": container.created,
        "Path": spec.argv[0],
        "Args": list(spec.argv[1:]),
        "State": state_of(state),
        "Image": container.image_id,
        "LogPath": str(registry.path(container.id) / "log"),
        "Name": f"/{container.name}",
        "RestartCount": 0,
        "Driver": "overlay2",
        "Platform": "linux",
        "MountLabel": "",
        "ProcessLabel": "",
        "AppArmorProfile": "",
        "ExecIDs": None,
        "HostConfig": host_config(container),
        "GraphDriver": graph_driver(registry, spec),
        **(sizes_of(registry, spec) if sizes else {}),
        "Mounts": [mount(registry, one) for one in spec.mounts if one.kind != "tmpfs"],
        "Config": config(container),
        "NetworkSettings": network_settings(spec),
        "RealRun": {
            "Isolation": spec.isolation,
            "Folder": str(registry.path(container.id)),
            "Instance": str(registry.root / "instances" / container.id),
            "ImageDigest": container.image_digest,
        },
    }


def state_of(state: State) -> dict[str, Any]:
    """How it is."""
    return {
        "Status": state.status,
        "Running": state.status == RUNNING,
        "Paused": False,
        "Restarting": False,
        "OOMKilled": state.oom_killed,
        "Dead": False,
        "Pid": state.pid,
        "ExitCode": state.exit_code,
        "Error": state.error,
        "StartedAt": state.started or NEVER,
        "FinishedAt": NEVER if state.status == CREATED else state.finished or NEVER,
    }


def host_config(container: Container) -> dict[str, Any]:
    """What it may use of this machine, as it was asked for."""
    spec = container.spec
    rights = set(spec.capabilities)
    added = [name for name in spec.capabilities if name not in DOCKER_DEFAULT]
    dropped = [name for name in DOCKER_DEFAULT if name not in rights]
    security = ["no-new-privileges"] * spec.no_new_privileges
    security += ["seccomp=unconfined"] * (not spec.seccomp)
    return {
        "Binds": binds(container) or None,
        "NetworkMode": spec.network,
        "RestartPolicy": {"Name": "no", "MaximumRetryCount": 0},
        "AutoRemove": container.auto_remove,
        "CapAdd": added or None,
        "CapDrop": dropped or None,
        "Privileged": False,
        "ReadonlyRootfs": spec.read_only,
        "SecurityOpt": security or None,
        **({"Tmpfs": tmpfs} if (tmpfs := tmpfs_of(spec)) else {}),
        "ShmSize": spec.shm_bytes,
        "Isolation": "",
        "Memory": spec.limits.get("memory_bytes", 0),
        "NanoCpus": spec.limits.get("cpu_milli", 0) * NANOS_OF_MILLI,
        "PidsLimit": spec.limits.get("pids"),
        "Ulimits": [
            {"Name": name, "Hard": hard, "Soft": soft}
            for name, (soft, hard) in spec.ulimits.items()
        ]
        or None,
        **({"Init": True} if spec.init else {}),
    }


def binds(container: Container) -> list[str]:
    """Directories and volumes with a name, as -v has them."""
    named = (one for one in container.spec.mounts if one.kind != "tmpfs")
    return [
        f"{one.source}:{one.target}" + ":ro" * one.read_only
        for one in named
        if one.source not in container.volumes
    ]


def tmpfs_of(spec: Spec) -> dict[str, str]:
    """Places in memory, and what is special about them."""
    return {
        one.target: ",".join(word for word in one.options if word not in TMPFS_DEFAULT)
        for one in spec.mounts
        if one.kind == "tmpfs"
    }


def mount(registry: Registry, one: Mount) -> dict[str, Any]:
    """A place of outside."""
    source, named = one.source, {}
    if one.kind == "volume":
        source = str(volumes.place(registry.root, one.source) / "_data")
        named = {"Name": one.source, "Driver": "local"}
    told = {
        "Type": one.kind,
        "Source": source,
        "Destination": one.target,
        "Mode": "ro" if one.read_only else "",
        "RW": not one.read_only,
        "Propagation": "rprivate" if one.kind == "bind" else "",
    }
    order = ("Type", "Name", "Source", "Destination", "Driver", "Mode", "RW", "Propagation")
    return {key: (told | named)[key] for key in order if key in told | named}


def graph_driver(registry: Registry, spec: Spec) -> dict[str, Any]:
    """What overlay makes its root of: the topmost layer first."""
    instance = registry.root / "instances" / spec.id
    return {
        "Data": {
            "LowerDir": ":".join(reversed(spec.layers)),
            "MergedDir": str(instance / "root"),
            "UpperDir": str(registry.path(spec.id) / "upper"),
            "WorkDir": str(instance / "work"),
        },
        "Name": "overlay2",
    }


def sizes_of(registry: Registry, spec: Spec) -> dict[str, int]:
    """Bytes of files, as `docker inspect --size` counts them."""
    written = written_bytes(registry, spec)
    return {"SizeRw": written, "SizeRootFs": written + image_bytes(spec.layers)}


def written_bytes(registry: Registry, spec: Spec) -> int:
    """What its files of its own hold."""
    return size_of(registry.path(spec.id) / "upper").content_bytes


def image_bytes(layers: Sequence[str]) -> int:
    """What the files of these layers hold."""
    return sum(size_of(Path(layer)).content_bytes for layer in layers)


def config(container: Container) -> dict[str, Any]:
    """Its settings: the image's, with what was asked for on top."""
    settings, spec = container.config, container.spec
    attached = {"AttachStdin": container.interactive, "AttachStdout": True, "AttachStderr": True}
    always = {
        "Hostname": spec.hostname,
        "Domainname": "",
        "User": spec.user,
        **attached,
        "Tty": spec.terminal is not None,
        "OpenStdin": container.interactive,
        "StdinOnce": container.interactive,
        "Env": settings.get("Env") or [],
        "Cmd": settings.get("Cmd"),
        "Image": container.image,
        "Volumes": settings.get("Volumes"),
        "WorkingDir": settings.get("WorkingDir") or "",
        "Entrypoint": settings.get("Entrypoint"),
        "OnBuild": settings.get("OnBuild"),
        "Labels": dict(container.labels),
    }
    more = {key: value for key, value in settings.items() if key not in always and value}
    return always | more


def network_settings(spec: Spec) -> dict[str, Any]:
    """Nothing but the name: a container has its own loopback device, or all that the host has."""
    return {"Ports": {}, "IPAddress": "", "Networks": {spec.network: {"IPAddress": ""}}}
