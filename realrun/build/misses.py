"""Why the cache did not know a step: what its key has that no record has.

The records keep the parts of their keys. Of those that the same instruction left (or another of its
kind on the same layers) the one that is most alike tells which part is new. Values are not shown:
a build argument may be a password.

Source: Docker's manual, "Build cache invalidation": what does and does not count.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

Parts = Mapping[str, Any]
NAMES = {
    "parent": "the layers below",
    "argv": "the command",
    "script": "the here-document",
    "env": "the environment",
    "cwd": "the working directory",
    "user": "the user",
    "network": "the network",
    "mounts": "the mounts",
    "files": "the files",
    "target": "the target",
    "looks": "the owner or the mode",
    "path": "the path",
    "epoch": "SOURCE_DATE_EPOCH",
}


def reason(records: Iterable[Mapping[str, Any]], text: str, parts: Parts) -> str:
    """Which parts are new, in words; nothing if no record can be compared.

    >>> old = {"step": "RUN", "parent": "p", "env": {"a": "1", "b": "2"}}
    >>> reason([{"text": "RUN x", "parts": old}], "RUN x", old | {"env": {"a": "3", "b": "2"}})
    'the environment (a)'
    """
    wanted = json.loads(json.dumps(parts))
    likeness: list[tuple[bool, int, str]] = []
    for record in records:
        known, same = record.get("parts"), record.get("text") == text
        if not isinstance(known, dict) or known.get("step") != wanted["step"]:
            continue
        if same or known.get("parent") == wanted["parent"]:
            changed = [key for key in NAMES if known.get(key) != wanted.get(key)]
            words = " and ".join(in_words(key, known.get(key), wanted.get(key)) for key in changed)
            likeness.append((not same, len(changed), words))
    return min(likeness, default=(False, 0, ""))[2]


def in_words(part: str, known: object, wanted: object) -> str:
    """The name of a part; of the environment also which variables differ."""
    if part != "env" or not isinstance(known, dict) or not isinstance(wanted, dict):
        return NAMES[part]
    names = sorted(n for n in known.keys() | wanted.keys() if known.get(n) != wanted.get(n))
    return f"{NAMES[part]} ({', '.join(names)})"
