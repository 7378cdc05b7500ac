"""All that the store knows of an image, in the words of `docker inspect`.

Source: Docker Engine API, `GET /images/{name}/json` (ImageInspect).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from realrun.image.sizes import size_of
from realrun.image.store import Store

# What Docker always tells of the settings, in this order, whether an image has it or not.
ALWAYS: dict[str, Any] = {
    "Hostname": "", "Domainname": "", "User": "", "AttachStdin": False, "AttachStdout": False,
    "AttachStderr": False, "Tty": False, "OpenStdin": False, "StdinOnce": False, "Env": None,
    "Cmd": None, "Image": "", "Volumes": None, "WorkingDir": "", "Entrypoint": None,
    "OnBuild": None, "Labels": None,
}  # fmt: skip
HEALTHCHECK = ("Test", "Interval", "Timeout", "StartPeriod", "Retries")


def settings(config: Mapping[str, Any]) -> dict[str, Any]:
    """The settings of an image, in Docker's order and with nothing left out."""
    found = ALWAYS | dict(config)
    if check := found.get("Healthcheck"):
        found["Healthcheck"] = healthcheck(check)
    return found


def healthcheck(check: Mapping[str, Any]) -> dict[str, Any]:
    """A health check in Docker's order."""
    return {key: check[key] for key in HEALTHCHECK if key in check} | dict(check)


def layer_bytes(store: Store, diff_id: str) -> int:
    """Bytes of the files in an unpacked layer; one that is not unpacked yet has none to show."""
    tree = store.tree(diff_id)
    return size_of(tree).content_bytes if tree.is_dir() else 0


def inspect(store: Store, reference: str) -> dict[str, Any]:
    """One image. `Size` is that of the files in its layers, as they are unpacked."""
    image = store.resolve(reference)
    names = [other.reference for other in store.images() if other.image_id == image.image_id]
    document = image.document
    return {
        "Id": image.image_id,
        "RepoTags": sorted(name for name in names if name != "<none>"),
        "RepoDigests": [],  # a registry gives these
        "Comment": str(document.get("comment", "")),
        "Created": image.created,
        "Author": image.author,
        "Config": settings(image.config),
        "Architecture": str(document.get("architecture", "")),
        "Os": str(document.get("os", "")),
        "Size": sum(layer_bytes(store, one) for one in image.diff_ids),
        "RootFS": {"Type": "layers", "Layers": list(image.diff_ids)},
    }
