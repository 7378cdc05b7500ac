"""image tree, image df: what is in an image, and what images take."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from typing import Any

from realrun.console.options import one_line, shown_size
from realrun.image import Store
from realrun.image.bill import bills, writables
from realrun.image.tree import Branch, tree

SHOWN = 5  # names of each sort, for people; programs get all


def main(args: argparse.Namespace) -> int:
    """`tree` or `df`."""
    return show_tree(args) if args.action == "tree" else show_bills(args)


def show_tree(args: argparse.Namespace) -> int:
    """Base first, an instruction after the other, each with what its layer does."""
    store = Store()
    branches = tree(store, args.image)
    if args.json:
        print(json.dumps([row_of(branch) for branch in branches], indent=1))
        return 0
    image = store.resolve(args.image)
    print(f"{image.reference} {image.image_id[7:19]}")
    for branch in branches:
        print_branch(branch)
    return 0


def row_of(branch: Branch) -> dict[str, Any]:
    """One instruction for programs; names that are no UTF-8 keep their bytes as escapes."""
    layer, size, effect = branch.chapter.layer, branch.size, branch.effect
    row: dict[str, Any] = {
        "created_by": branch.chapter.created_by,
        "created": branch.chapter.created,
        "diff_id": layer.diff_id if layer else None,
        "size_bytes": size.content_bytes if size else 0,
        "compressed_bytes": layer.size if layer else 0,
        "adds": effect.adds if effect else [],
        "changes": effect.changes if effect else [],
        "hides": effect.hides if effect else [],
        "shared_with": list(branch.shared_with or ()),
    }
    return row


def print_branch(branch: Branch) -> None:
    """The instruction, then its layer; settings change no files and have none."""
    layer, size, effect = branch.chapter.layer, branch.size, branch.effect
    words = one_line(branch.chapter.created_by or branch.chapter.comment)
    if layer is None or size is None or effect is None:
        print(f"    {words}  (settings only)")
        return
    print(f"+-- {words}")
    compressed = shown_size(layer.size)
    print(f"|   layer {layer.diff_id[7:19]}  {shown_size(size.content_bytes)}, {compressed} stored")
    for sort, names in (
        ("adds", effect.adds),
        ("changes", effect.changes),
        ("hides", effect.hides),
    ):
        if names:
            print(f"|   {sort} {len(names)}: {some(names)}")
    if branch.shared_with:
        print(f"|   shared with {', '.join(branch.shared_with)}")


def some(names: Sequence[str]) -> str:
    """The first few names, safe to print."""
    shown = [name if name.isprintable() else repr(name) for name in names[:SHOWN]]
    return ", ".join(shown) + (", ..." if len(names) > SHOWN else "")


def show_bills(args: argparse.Namespace) -> int:
    """A line an image, then the total; bytes on the disk."""
    store = Store()
    found, total = bills(store)
    written = containers(store)
    if args.json:
        images = [bill._asdict() for bill in found]
        document = {"images": images, "containers": written, "total": total._asdict()}
        print(json.dumps(document, indent=1))
        return 0
    columns = ("VIRTUAL", "SHARED", "UNIQUE", "COMPRESSED")
    print(f"{'IMAGE':<30}" + "".join(f"{column:>12}" for column in columns))
    for bill in found:
        name = bill.names[0] if bill.names else bill.image_id[7:19]
        sizes = [shown_size(size_bytes) for size_bytes in bill[2:6]]
        sizes[3] += "*" if bill.plain_bytes else " "
        print(f"{name:<30}" + "".join(f"{size:>12}" for size in sizes).rstrip())
    if any(bill.plain_bytes for bill in found):
        print("* with layers that are stored uncompressed, as those are that were made here")
    if written:
        print(f"\n{'CONTAINER':<30}{'WRITABLE':>12}  OF IMAGE")
    for row in written:
        print(f"{row['name']:<30}{shown_size(row['writable_bytes']):>12}  {row['image']}")
    print()
    for key, size_bytes in total._asdict().items():
        print(f"{EXPLAINED[key]:<42}{shown_size(size_bytes):>12}")
    return 0


def containers(store: Store) -> list[dict[str, Any]]:
    """Every container with its names and what it has written."""
    from realrun.containers.registry import Registry

    known = {one.id: one for one in Registry(store.root).all()}
    return [
        {
            "container_id": one.container_id,
            "name": known[one.container_id].name,
            "image": known[one.container_id].image,
            "writable_bytes": one.writable_bytes,
        }
        for one in writables(store)
        if one.container_id in known
    ]


EXPLAINED = {
    "layers_bytes": "layers of images, unpacked, each once",
    "writable_bytes": "what containers have written",
    "blobs_bytes": "the same layers, as blobs",
    "documents_bytes": "manifests, configurations and the index",
    "records_bytes": "settings, states and logs of containers",
    "volumes_bytes": "volumes",
    "unnamed_bytes": "what no image needs (build cache)",
    "cache_bytes": "its records, and the caches of RUN --mount",
    "folders_bytes": "the folders themselves, and what is mounted on",
    "total_bytes": "all of it",
}
