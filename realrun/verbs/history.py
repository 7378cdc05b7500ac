"""history: the instructions that made an image, newest first.

Source: Docker's reference, `docker history`.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Mapping
from typing import Any

from realrun.console import listing
from realrun.console.options import one_line, shown_size
from realrun.containers.moments import seconds
from realrun.errors import UsageError
from realrun.image import Image, Store
from realrun.image.describe import layer_bytes
from realrun.image.story import story

WIDTH = 45
HEADS = {
    "ID": "IMAGE",
    "CreatedSince": "CREATED",
    "CreatedAt": "CREATED AT",
    "CreatedBy": "CREATED BY",
    "Size": "SIZE",
    "Comment": "COMMENT",
}
USUAL = "{{.ID}}\t{{.CreatedSince}}\t{{.CreatedBy}}\t{{.Size}}\t{{.Comment}}"
EXACT = "{{.ID}}\t{{.CreatedAt}}\t{{.CreatedBy}}\t{{.Size}}\t{{.Comment}}"


def main(args: argparse.Namespace) -> int:
    """A line an instruction, or JSON. Sizes are those of the files that it added or changed."""
    store = Store()
    image = store.resolve(args.image)
    found = rows(store, image)
    if args.json:
        print(json.dumps(found, indent=1))
        return 0
    human = args.human.lower() not in ("false", "0", "f")
    asked = "{{.ID}}" if args.quiet and args.format in ("", "table") else args.format
    shown = [
        row_of(row, "<missing>" if number else image.image_id, args.no_trunc, human)
        for number, row in enumerate(found)
    ]
    for line in listing.lines(shown, HEADS, USUAL if human else EXACT, asked):
        print(line)
    return 0


def rows(store: Store, image: Image) -> list[dict[str, Any]]:
    """Newest first; `diff_id` is null where an instruction changed settings only."""
    found = []
    for part in reversed(story(image)):
        diff_id = part.layer.diff_id if part.layer else None
        size_bytes = layer_bytes(store, diff_id) if diff_id else 0
        found.append(
            {"created": part.created, "created_by": " ".join(part.created_by.split()),
             "comment": part.comment, "size_bytes": size_bytes, "diff_id": diff_id}
        )  # fmt: skip
    return found


def row_of(row: Mapping[str, Any], image_id: str, whole: bool, human: bool) -> dict[str, Any]:
    """One instruction; only the last one's image has an id of its own."""
    words, size_bytes = one_line(row["created_by"]), row["size_bytes"]
    created_s = moment(row["created"])
    return {
        "ID": image_id if whole or image_id[0] == "<" else listing.short_id(image_id),
        "CreatedSince": since(created_s),
        "CreatedAt": "" if created_s is None else exact(created_s),
        "CreatedBy": words if whole else listing.shortened(words, WIDTH),
        "Size": shown_size(size_bytes) if human else str(size_bytes),
        "Comment": one_line(row["comment"]),
    }


def moment(text: str) -> float | None:
    """Seconds since 1970, if it is a time."""
    try:
        return seconds(text)
    except (UsageError, ValueError):
        return None


def since(created_s: float | None) -> str:
    """Nothing where the history does not say."""
    return "" if created_s is None else listing.duration(time.time() - created_s) + " ago"


def exact(created_s: float) -> str:
    """In the time of this place, as Docker does. Source: RFC 3339."""
    local = time.localtime(created_s)
    zone = time.strftime("%z", local)
    clock = time.strftime("%Y-%m-%dT%H:%M:%S", local)
    return clock + ("Z" if zone == "+0000" else f"{zone[:3]}:{zone[3:]}")
