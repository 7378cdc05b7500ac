"""JSON documents of an image: read strictly, written in one form.

`json.loads` keeps the last of two equal keys, takes NaN and 1e999, and dies of deep nesting. A
document that two readers can understand differently is refused here.

Source: OCI image-spec, considerations.md, "Canonicalization", "Extensibility"; RFC 8259.
"""

from __future__ import annotations

import json
import math
import re
from typing import Any

from realrun.errors import BadImage

LONE = re.compile("[\ud800-\udc7f\udd00-\udfff]")  # halves of a pair that stand for no byte
MAX_BYTES = 4 << 20  # OCI distribution-spec: manifests beyond 4 MiB need not be accepted


def load(data: bytes, what: str) -> dict[str, Any]:
    """The object that `data` holds; keys whose value is null count as absent."""
    found = parsed(data, what)
    if not isinstance(found, dict):
        raise BadImage(f"{what} is not a JSON object")
    return found


def load_objects(data: bytes, what: str) -> list[dict[str, Any]]:
    """The list of objects that `data` holds."""
    found = parsed(data, what)
    if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
        raise BadImage(f"{what} is not a JSON list of objects")
    return found


def parsed(data: bytes, what: str) -> Any:
    """Any JSON value, read strictly."""
    if len(data) > MAX_BYTES:
        raise BadImage(f"{what} has {len(data)} bytes; at most {MAX_BYTES} make sense")
    try:
        return json.loads(
            data.decode("utf-8"),
            object_pairs_hook=once_each,
            parse_constant=no_constant,
            parse_float=finite,
        )
    except (ValueError, RecursionError) as error:
        reason = "it is nested too deeply" if isinstance(error, RecursionError) else error
        raise BadImage(f"{what} is not a JSON document: {reason}") from error


def once_each(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key comes twice in one object")
    return {key: value for key, value in found.items() if value is not None}


def no_constant(name: str) -> None:
    raise ValueError(f"{name} is no number")


def finite(text: str) -> float:
    found = float(text)
    if not math.isfinite(found):
        raise ValueError(f"{text[:40]} is no number")
    return found


def dump(document: object) -> bytes:
    """Sorted keys, no blanks: the same object always has the same digest.

    Bytes that were no UTF-8 become U+FFFD, as JSON has no other way to write them.
    """
    text = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    text = LONE.sub("\ufffd", text)
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace").encode()
