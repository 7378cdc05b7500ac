"""images: what the store holds."""

from __future__ import annotations

import argparse
import json
from typing import Any

from realrun.image import Store


def main(args: argparse.Namespace) -> int:
    """A line an image, or JSON."""
    found: list[dict[str, Any]] = [
        {"reference": image.reference, "image_id": image.image_id, "digest": image.digest,
         "created": image.created, "layers": len(image.diff_ids), "size_bytes": image.size_bytes}
        for image in Store().images()
    ]  # fmt: skip
    if args.json:
        print(json.dumps(found, indent=1))
        return 0
    print(f"{'REFERENCE':<30} {'IMAGE ID':<14} {'LAYERS':>6} {'SIZE':>10}")
    for row in found:
        name, short = row["reference"] or "<none>", row["image_id"][7:19]
        print(f"{name:<30} {short:<14} {row['layers']:>6} {row['size_bytes'] / 1e6:>8.2f}MB")
    return 0
