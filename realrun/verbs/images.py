"""images: what the store holds.

Source: Docker's reference, `docker images`.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache, partial
from typing import Any

from realrun.console import filters, listing
from realrun.console.options import shown_size
from realrun.containers.moments import seconds
from realrun.errors import UsageError
from realrun.image import Image, Store
from realrun.image.describe import layer_bytes

NONE, UNKNOWN = "<none>", "N/A"
HEADS = {
    "ID": "IMAGE ID",
    "Repository": "REPOSITORY",
    "Tag": "TAG",
    "Digest": "DIGEST",
    "CreatedSince": "CREATED",
    "CreatedAt": "CREATED AT",
    "Size": "SIZE",
    "Containers": "CONTAINERS",
    "VirtualSize": "SIZE",
    "SharedSize": "SHARED SIZE",
    "UniqueSize": "UNIQUE SIZE",
}
USUAL = "{{.Repository}}\t{{.Tag}}\t{{.ID}}\t{{.CreatedSince}}\t{{.Size}}"
WITH_DIGESTS = "{{.Repository}}\t{{.Tag}}\t{{.Digest}}\t{{.ID}}\t{{.CreatedSince}}\t{{.Size}}"
KEYS = "before dangling label reference since".split()
Fits = Callable[[Image], bool]


def main(args: argparse.Namespace) -> int:
    """A line a name, the newest image first; or JSON."""
    store = Store()
    found = chosen(store, args)
    if args.json:
        print(json.dumps([described(image) for image in found], indent=1))
        return 0
    asked = "{{.ID}}" if args.quiet and args.format in ("", "table") else args.format
    row = partial(row_of, cache(partial(layer_bytes, store)), time.time(), args.no_trunc)
    usual = WITH_DIGESTS if args.digests else USUAL
    for line in listing.lines(map(row, found), HEADS, usual, asked):
        print(line)
    return 0


def described(image: Image) -> dict[str, Any]:
    """For programs; `size_bytes` is that of the layers as they are stored."""
    return {
        "reference": image.reference, "image_id": image.image_id, "digest": image.digest,
        "created": image.created, "layers": len(image.diff_ids), "size_bytes": image.size_bytes,
    }  # fmt: skip


def chosen(store: Store, args: argparse.Namespace) -> list[Image]:
    """The images to show; of several that were made at once the later in the index first."""
    wanted = filters.parsed(args.filter, KEYS)
    if args.image:
        wanted.setdefault("reference", []).append(args.image)
    checks = [CHECKS[key](store, values) for key, values in wanted.items()]
    images = reversed(store.images())
    return sorted(
        (image for image in images if all(fits(image) for fits in checks)),
        key=moment,
        reverse=True,
    )


def moment(image: Image) -> float:
    """When it was made, s since 1970; 0 if it does not say so in a way that can be read."""
    try:
        return seconds(image.created)
    except (UsageError, ValueError):
        return 0.0


def row_of(
    size_bytes: Callable[[str], int], now_s: float, whole: bool, image: Image
) -> dict[str, Any]:
    """One name of one image."""
    name, _, tag = image.reference.rpartition(":")
    if image.reference == NONE:
        name = tag = NONE
    created_s = moment(image)
    size = shown_size(sum(map(size_bytes, image.diff_ids)))
    return {
        "ID": image.image_id if whole else listing.short_id(image.image_id),
        "Repository": name,
        "Tag": tag,
        "Digest": NONE,  # a registry gives these
        "CreatedSince": listing.duration(now_s - created_s) + " ago",
        "CreatedAt": time.strftime("%Y-%m-%d %H:%M:%S +0000 UTC", time.gmtime(created_s)),
        "Size": size,
        "Containers": UNKNOWN,
        "VirtualSize": size,
        "SharedSize": UNKNOWN,
        "UniqueSize": UNKNOWN,
    }


def by_reference(_: Store, values: Sequence[str]) -> Fits:
    """Patterns for the name, with or without its tag; `*` stays between slashes."""
    from realrun.build.match import BadPattern, compiled

    try:
        patterns = [compiled(value) for value in values]
    except BadPattern as error:
        raise UsageError(f"--filter reference: {error}") from None

    def fits(image: Image) -> bool:
        names = (image.reference, image.reference.rpartition(":")[0])
        named = image.reference != NONE
        return named and any(one.fullmatch(name) for one in patterns for name in names)

    return fits


def by_label(_: Store, values: Sequence[str]) -> Fits:
    return lambda image: filters.has_labels(image.config.get("Labels") or {}, values)


def dangling(_: Store, values: Sequence[str]) -> Fits:
    """Without a name, or with one."""
    words = {"true": True, "1": True, "false": False, "0": False}
    if not set(values) <= words.keys():
        raise UsageError(f"--filter dangling is true or false; got {values[-1]!r}")
    wanted = {words[value] for value in values}
    return lambda image: (image.reference == NONE) in wanted


def by_time(sign: int) -> Callable[[Store, Sequence[str]], Fits]:
    """before (-1) or since (1) another one was made."""

    def make(store: Store, values: Iterable[str]) -> Fits:
        others = [moment(store.resolve(value)) for value in values]
        return lambda image: all(sign * (moment(image) - other) > 0 for other in others)

    return make


CHECKS: Mapping[str, Callable[[Store, Sequence[str]], Fits]] = {
    "before": by_time(-1),
    "dangling": dangling,
    "label": by_label,
    "reference": by_reference,
    "since": by_time(1),
}
