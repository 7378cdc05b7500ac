"""What did not fail but is worth a line: collected here, told by the command line, each once.

Source: OCI runtime-spec, `runtime.md`, "Warnings".
"""

from __future__ import annotations

_told: dict[str, None] = {}


def add(text: str) -> None:
    """One more, unless it is there already."""
    _told.setdefault(text)


def told() -> list[str]:
    """All of them, in their order; then there are none."""
    found = list(_told)
    _told.clear()
    return found
