"""history: the instructions that made an image, newest first."""

from __future__ import annotations

import argparse
import json
from typing import Any

from realrun.image import Store
from realrun.image.sizes import size_of
from realrun.image.story import story
from realrun.verbs.options import one_line, shown_size

WIDTH = 60


def main(args: argparse.Namespace) -> int:
    """A line an instruction, or JSON. Sizes are those of the files that it added or changed."""
    store = Store()
    found = rows(store, args.image)
    if args.json:
        print(json.dumps(found, indent=1))
        return 0
    print(f"{'CREATED':<20}  {'CREATED BY':<{WIDTH}}  {'SIZE':>10}  COMMENT")
    for row in found:
        words = one_line(row["created_by"])
        made_by = words if len(words) <= WIDTH else words[: WIDTH - 3] + "..."
        created, comment = one_line(row["created"])[:19], one_line(row["comment"])
        size = shown_size(row["size_bytes"])
        print(f"{created:<20}  {made_by:<{WIDTH}}  {size:>10}  {comment}".rstrip())
    return 0


def rows(store: Store, reference: str) -> list[dict[str, Any]]:
    """Newest first; `diff_id` is null where an instruction changed settings only."""
    found = []
    for part in reversed(story(store.resolve(reference))):
        diff_id = part.layer.diff_id if part.layer else None
        size_bytes = size_of(store.tree(diff_id)).content_bytes if diff_id else 0
        found.append(
            {"created": part.created, "created_by": " ".join(part.created_by.split()),
             "comment": part.comment, "size_bytes": size_bytes, "diff_id": diff_id}
        )  # fmt: skip
    return found
