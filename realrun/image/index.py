"""The index of a store as a value: descriptors of manifests, some of them with a name.

Source: OCI image-spec, image-index.md; annotations.md, `org.opencontainers.image.ref.name`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from realrun.image.layout import MANIFEST_TYPE, NAME

Descriptor = dict[str, Any]


def named(
    index: Sequence[Descriptor], descriptor: Mapping[str, Any], name: str | None
) -> list[Descriptor]:
    """With the descriptor in it; whoever had the name before loses it, but stays.

    If the name leads there already, nothing changes.
    """
    if name is not None and any(name_of(one) == name and same(one, descriptor) for one in index):
        return list(index)
    entry = {key: descriptor[key] for key in ("digest", "size")}
    entry["mediaType"] = descriptor.get("mediaType", MANIFEST_TYPE)
    found = []
    for other in index:
        if name is not None and name_of(other) == name:
            other = {key: value for key, value in other.items() if key != "annotations"}
        found.append(other)
    if name is not None:
        entry["annotations"] = {NAME: name}
    with_name = {d.get("digest") for d in (*found, entry) if name_of(d)}
    found = [d for d in found if name_of(d) or d.get("digest") not in with_name]
    if name is not None or not any(same(d, entry) for d in found):
        found.append(entry)
    return found


def name_of(descriptor: Mapping[str, Any]) -> str:
    """The name an index entry gives its image, or nothing."""
    annotations = descriptor.get("annotations")
    return str(annotations.get(NAME, "")) if isinstance(annotations, dict) else ""


def same(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    return one.get("digest") == other.get("digest")
