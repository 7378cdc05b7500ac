"""How much an archive that comes in may ask of us: a bomb is refused, not survived.

    REALRUN_UNPACK_BYTES      what its files may hold, holes and all layers together; 64 GiB
    REALRUN_UNPACK_ENTRIES    how many entries it may have; a million

It holds for whatever is unpacked: images, layers, contexts, ADD, `cp`.
"""

from __future__ import annotations

import os
import re

from realrun.errors import BadImage, UsageError

BYTES, ENTRIES = "REALRUN_UNPACK_BYTES", "REALRUN_UNPACK_ENTRIES"
NORMAL = {BYTES: 64 << 30, ENTRIES: 1_000_000}


def allowed(name: str) -> int:
    """What the environment says, or the normal. Raises UsageError."""
    text = os.environ.get(name, "")
    if text and not re.fullmatch(r"[0-9]{1,18}", text):
        raise UsageError(f"{name} is {text!r:.40}; it has to be a number, normal is {NORMAL[name]}")
    return int(text) if text else NORMAL[name]


class OverBudget(BadImage):
    """More than it may be; an archive it is all the same."""


class Budget:
    """What is left of it; one that several archives share is for all of them together."""

    def __init__(self) -> None:
        self.most = {name: allowed(name) for name in NORMAL}
        self._left = dict(self.most)

    def entry(self) -> None:
        """One more entry; raises OverBudget if it is one too many."""
        self._take(ENTRIES, 1, "has more than {} entries")

    def bytes(self, count: int) -> None:
        """So many more bytes; raises OverBudget if that is too much."""
        self._take(BYTES, count, "unpacks to more than {} bytes")

    def _take(self, name: str, count: int, what: str) -> None:
        self._left[name] -= count
        if self._left[name] < 0:
            raise OverBudget(f"the archive {what.format(self.most[name])}; {name} can allow more")
