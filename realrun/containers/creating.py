"""create: an image, wishes, a name - and a container that has not run yet."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from realrun import engine
from realrun.containers.logs import now
from realrun.containers.record import Container
from realrun.containers.registry import Registry
from realrun.image import Image, Store
from realrun.runtime.spec import Spec


def create(registry: Registry, reference: str, wishes: engine.Wishes, name: str = "") -> Container:
    """Settle everything and make the folder; nothing runs. Raises `NoSuchImage`, `UsageError`."""
    image = Store(registry.root).resolve(reference)
    spec = engine.spec_for(image, wishes)
    return registry.add(
        Container(
            name=name,
            created=now(),
            image=reference,
            image_id=image.image_id,
            image_digest=image.digest,
            spec=spec,
            config=settings(image, spec, wishes),
            interactive=wishes.interactive,
            auto_remove=wishes.auto_remove,
            stop_timeout_s=wishes.stop_timeout_s,
        )
    )


def settings(image: Image, spec: Spec, wishes: engine.Wishes) -> dict[str, Any]:
    """The image's settings with the wishes on top, by Docker's names: what `commit` starts from."""
    config = dict(image.config)
    own_command = wishes.words or wishes.entrypoint is not None
    labels = {**(config.get("Labels") or {}), **wishes.labels}
    env: Mapping[str, str] = dict(entry.partition("=")[::2] for entry in config.get("Env") or [])
    more = {
        "Env": [f"{key}={value}" for key, value in {**env, **wishes.env}.items()],
        "Cmd": list(wishes.words) or None if own_command else config.get("Cmd"),
        "Entrypoint": config.get("Entrypoint"),
        "WorkingDir": wishes.cwd or config.get("WorkingDir", ""),
        "User": spec.user,
        "Labels": labels,
        "StopSignal": wishes.stop_signal or config.get("StopSignal"),
    }
    if wishes.entrypoint is not None:
        more["Entrypoint"] = [wishes.entrypoint] if wishes.entrypoint else None
    return config | {key: value for key, value in more.items() if value or key in config}
