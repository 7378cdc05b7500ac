"""create: an image, wishes, a name - and a container that has not run yet."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import Any

from realrun import engine
from realrun.containers.logs import now
from realrun.containers.record import Container
from realrun.containers.registry import Registry
from realrun.errors import NoSuchVolume
from realrun.image import Image, Store
from realrun.runtime import volumes
from realrun.runtime.spec import Mount, Spec, variables


def create(registry: Registry, reference: str, wishes: engine.Wishes, name: str = "") -> Container:
    """Settle everything and make the folder; nothing runs. Raises `NoSuchImage`, `UsageError`."""
    image = Store(registry.root).resolve(reference)
    spec = engine.spec_for(image, wishes)
    volumes.prepare(registry.root, spec.mounts)
    mounts = [named(mount) for mount in spec.mounts]
    added = registry.add(
        Container(
            name=name,
            created=now(),
            image=reference,
            image_id=image.image_id,
            image_digest=image.digest,
            spec=replace(spec, mounts=tuple(mounts)),
            config=settings(image, spec, wishes),
            interactive=wishes.interactive,
            auto_remove=wishes.auto_remove,
            attached=wishes.attached,
            host_words=wishes.host_words,
            stop_timeout_s=wishes.stop_timeout_s,
            log_max_bytes=wishes.log_max_bytes,
            log_max_files=wishes.log_max_files,
            volumes=tuple({one.source for one in mounts} - {one.source for one in spec.mounts}),
        )
    )
    make_whole(registry, added)
    return added


def named(mount: Mount) -> Mount:
    """A volume without a name gets one: it is the container's own."""
    is_new = mount.kind == "volume" and not mount.source
    return mount._replace(source=volumes.new_name()) if is_new else mount


def make_whole(registry: Registry, container: Container) -> None:
    """Its own volumes, made when somebody has them. From here on the image stays; if it was removed
    just before, so is the container."""
    try:
        volumes.prepare(registry.root, container.spec.mounts)
        Store(registry.root).resolve(container.image_digest)
    except BaseException:
        registry.remove(container)
        for volume in container.volumes:
            with suppress(NoSuchVolume):
                volumes.remove(registry.root, volume)
        raise


def settings(image: Image, spec: Spec, wishes: engine.Wishes) -> dict[str, Any]:
    """The image's settings with the wishes on top, by Docker's names: what `commit` starts from."""
    config = dict(image.config)
    own_command = wishes.words or wishes.entrypoint is not None
    labels = {**(config.get("Labels") or {}), **wishes.labels}
    env = variables(config, wishes.env)
    new = [mount.target for mount in spec.mounts if mount.kind == "volume" and not mount.source]
    more = {
        "Env": [f"{key}={value}" for key, value in env.items() if value is not None],
        "Cmd": list(wishes.words) or None if own_command else config.get("Cmd"),
        "Entrypoint": config.get("Entrypoint"),
        "WorkingDir": wishes.cwd or config.get("WorkingDir", ""),
        "User": spec.user,
        "Labels": labels,
        "Volumes": {**(config.get("Volumes") or {}), **{target: {} for target in new}},
        "StopSignal": wishes.stop_signal or config.get("StopSignal"),
    }
    if wishes.entrypoint is not None:
        more["Entrypoint"] = [wishes.entrypoint] if wishes.entrypoint else None
    return config | {key: value for key, value in more.items() if value or key in config}
