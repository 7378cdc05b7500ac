"""All that is known of a container, in the words of `docker inspect`; RealRun is ours alone.

Source: Docker Engine API, `GET /containers/{id}/json` (ContainerInspect).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from realrun.containers.record import CREATED, DEFAULT_STOP_S, RUNNING, Container, State
from realrun.containers.registry import Registry
from realrun.engine import GUESTS
from realrun.image.describe import healthcheck
from realrun.image.sizes import size_of
from realrun.linux.capabilities import DOCKER_DEFAULT
from realrun.linux.mounts import READ_ONLY, masked
from realrun.runtime import volumes
from realrun.runtime.mountwords import clean_target
from realrun.runtime.rootsteps import remapped
from realrun.runtime.spec import Mount, Spec

NEVER = "0001-01-01T00:00:00Z"  # Go's zero time
NANOS_OF_MILLI = 1_000_000
RATES = {
    "read_bps": "BlkioDeviceReadBps",
    "write_bps": "BlkioDeviceWriteBps",
    "read_iops": "BlkioDeviceReadIOps",
    "write_iops": "BlkioDeviceWriteIOps",
}


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
        "Driver": driver(spec),
        "Platform": "linux",
        "MountLabel": "",
        "ProcessLabel": "",
        "AppArmorProfile": "",
        "ExecIDs": None,
        "HostConfig": host_config(container),
        "GraphDriver": graph_driver(registry, spec),
        **(sizes_of(registry, spec) if sizes else {}),
        "Mounts": mounts(registry, container),
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
        "Status": state.shown,
        "Running": state.status == RUNNING,
        "Paused": state.paused,
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
    """What it may use of this machine; what nobody can ask for here is as Docker leaves it."""
    spec = container.spec
    ulimits = [
        {"Name": name, "Hard": hard, "Soft": soft} for name, (soft, hard) in spec.ulimits.items()
    ]
    return {
        "LogConfig": {
            "Type": "local",
            "Config": {
                "max-file": str(container.log_max_files),
                "max-size": str(container.log_max_bytes or -1),
            },
        },
        "NetworkMode": spec.network,
        "PortBindings": {},
        "RestartPolicy": {"Name": "no", "MaximumRetryCount": 0},
        "AutoRemove": container.auto_remove,
        "VolumesFrom": None,
        **host_words(container),
        "Dns": [],
        "ExtraHosts": None,
        "IpcMode": "private",
        "Links": None,
        "PidMode": "",
        "UsernsMode": "auto" if remapped(spec) else "",
        "Privileged": False,
        "PublishAllPorts": False,
        "ReadonlyRootfs": spec.read_only,
        "ShmSize": spec.shm_bytes,
        "Isolation": "",
        **limits_of(spec),
        "Ulimits": ulimits or None,
        "MaskedPaths": masked(),
        "ReadonlyPaths": list(READ_ONLY),
        **({"Init": True} if spec.init else {}),
    }


def limits_of(spec: Spec) -> dict[str, Any]:
    """What is limited, and the devices that it is given."""
    limits = spec.limits
    rates = {
        field: [{"Path": path, "Rate": rate} for path, rate in limits.get(name, {}).items()] or None
        for name, field in RATES.items()
    }
    return {
        "CpuShares": limits.get("cpu_shares", 0),
        "Memory": limits.get("memory_bytes", 0),
        "NanoCpus": limits.get("cpu_milli", 0) * NANOS_OF_MILLI,
        "BlkioWeight": limits.get("io_weight", 0),
        **rates,
        "CpusetCpus": limits.get("cpuset", ""),
        "Devices": [
            {"PathOnHost": one.source, "PathInContainer": one.target,
             "CgroupPermissions": one.access}
            for one in spec.devices
        ],
        "MemoryReservation": limits.get("reservation_bytes", 0),
        "MemorySwap": limits.get("swap_bytes", 0),
        "PidsLimit": limits.get("pids"),
    }  # fmt: skip


def host_words(container: Container) -> Mapping[str, Any]:
    """What was asked for in the words in which it was, or in ours."""
    if container.host_words:
        return container.host_words
    spec, rights = container.spec, container.spec.capabilities
    outside = [one for one in spec.mounts if one.kind != "tmpfs"]
    tmpfs = {one.target: ",".join(one.options) for one in spec.mounts if one.kind == "tmpfs"}
    return {
        "Binds": [
            f"{one.source}:{one.target}" + ":ro" * one.read_only
            for one in outside
            if one.source not in container.volumes
        ]
        or None,
        "CapAdd": [name for name in rights if name not in DOCKER_DEFAULT] or None,
        "CapDrop": [name for name in DOCKER_DEFAULT if name not in rights] or None,
        "SecurityOpt": ["no-new-privileges"] * spec.no_new_privileges
        + ["seccomp=unconfined"] * (not spec.seccomp)
        or None,
        **({"Tmpfs": tmpfs} if tmpfs else {}),
    }


def mounts(registry: Registry, container: Container) -> list[dict[str, Any]]:
    """All places of outside, but for those of --tmpfs, which HostConfig has."""
    words = host_words(container)
    tmpfs = {clean_target(place) for place in words.get("Tmpfs", ())}
    modes = {
        clean_target(target): mode
        for _, target, mode in (
            word.split(":") for word in words["Binds"] or () if word.count(":") > 1
        )
    }
    found = []
    for one in container.spec.mounts:
        if one.kind != "tmpfs" or one.target not in tmpfs:
            named = one.kind == "volume" and one.source not in container.volumes
            found.append(mount(registry, one, modes.get(one.target, "z" if named else "")))
    return found


def mount(registry: Registry, one: Mount, mode: str) -> dict[str, Any]:
    """A place of outside."""
    is_volume = one.kind == "volume"
    data = str(volumes.place(registry.root, one.source) / "_data") if is_volume else one.source
    return {
        "Type": one.kind,
        **({"Name": one.source} if is_volume else {}),
        "Source": data,
        "Destination": one.target,
        **({"Driver": "local"} if is_volume else {}),
        "Mode": mode,
        "RW": not one.read_only,
        "Propagation": "rprivate" if one.kind == "bind" else "",
    }


def graph_driver(registry: Registry, spec: Spec) -> dict[str, Any]:
    """What overlay makes its root of: the topmost layer first. A guest has a disk instead."""
    if spec.isolation in GUESTS:
        return {"Data": None, "Name": driver(spec)}
    instance = registry.root / "instances" / spec.id
    return {
        "Data": {
            "LowerDir": ":".join(reversed(spec.layers)),
            "MergedDir": str(instance / "root"),
            "UpperDir": str(registry.path(spec.id) / "upper"),
            "WorkDir": str(instance / "work"),
        },
        "Name": driver(spec),
    }


def driver(spec: Spec) -> str:
    """What makes its files of its image's: overlayfs, as Docker's driver of that name, or a file
    that is copied on write over a disk."""
    return "disk" if spec.isolation in GUESTS else "overlay2"


def sizes_of(registry: Registry, spec: Spec) -> dict[str, int]:
    """Bytes of files, as `docker inspect --size` counts them."""
    written = written_bytes(registry, spec)
    return {"SizeRw": written, "SizeRootFs": written + image_bytes(spec.layers)}


def written_bytes(registry: Registry, spec: Spec) -> int:
    """What its files of its own hold; of a guest, what its disk takes of this machine's."""
    if spec.isolation in GUESTS:
        from realrun.guest import overlay

        return overlay.written_bytes(registry.path(spec.id) / "disk")
    return size_of(registry.path(spec.id) / "upper").content_bytes


def image_bytes(layers: Sequence[str]) -> int:
    """What the files of these layers hold."""
    return sum(size_of(Path(layer)).content_bytes for layer in layers)


def config(container: Container) -> dict[str, Any]:
    """Its settings: the image's, with what was asked for on top."""
    settings, spec = container.config, container.spec
    attached, interactive = container.attached, container.interactive
    always = {
        "Hostname": spec.hostname,
        "Domainname": "",
        "User": spec.user,
        "AttachStdin": attached and interactive,
        "AttachStdout": attached,
        "AttachStderr": attached,
        "Tty": spec.terminal is not None,
        "OpenStdin": interactive,
        "StdinOnce": attached and interactive,
        "Env": settings.get("Env") or [],
        "Cmd": settings.get("Cmd"),
        "Image": container.image,
        "Volumes": settings.get("Volumes") or None,
        "WorkingDir": settings.get("WorkingDir") or "",
        "Entrypoint": settings.get("Entrypoint"),
        "OnBuild": settings.get("OnBuild"),
        "Labels": dict(container.labels),
    }
    more = {key: value for key, value in settings.items() if key not in always and value}
    if check := more.get("Healthcheck"):
        more["Healthcheck"] = healthcheck(check)
    if container.stop_timeout_s != DEFAULT_STOP_S:
        more["StopTimeout"] = container.stop_timeout_s
    return always | more


def network_settings(spec: Spec) -> dict[str, Any]:
    """Nothing but the name: a container has its own loopback device, or all that the host has."""
    return {"Ports": {}, "IPAddress": "", "Networks": {spec.network: {"IPAddress": ""}}}
