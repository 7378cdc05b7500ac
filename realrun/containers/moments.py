"""Times as containers tell them: RFC 3339, UTC, with up to nine digits of a second's parts."""

from __future__ import annotations

from datetime import UTC, datetime

DIGITS = 9


def seconds(text: str) -> float:
    """Since 1970.

    >>> seconds("1970-01-01T00:01:00.500000000Z")
    60.5
    """
    return nanoseconds(text) / 1e9


def nanoseconds(text: str) -> int:
    """Since 1970; `text` is as `logs.now` writes it."""
    whole, _, part = text.removesuffix("Z").partition(".")
    moment = datetime.fromisoformat(whole).replace(tzinfo=UTC)
    return int(moment.timestamp()) * 10**DIGITS + int(part.ljust(DIGITS, "0")[:DIGITS] or 0)
