"""Sizes and times as people write and read them."""

from __future__ import annotations

import re

from realrun.errors import UsageError

UNITS = {"": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30, "t": 1 << 40}


def size_bytes(text: str, option: str) -> int:
    """A size with Docker's units.

    >>> size_bytes("64m", "--memory")
    67108864
    """
    match = re.fullmatch(r"([0-9]{1,12}(?:\.[0-9]{1,6})?) ?([kmgt]?)i?b?", text.strip().lower())
    size = int(float(match[1]) * UNITS[match[2]]) if match else 0
    if not size:
        raise UsageError(f"{option} wants a size such as 64m or 1g; got {text!r}")
    return size


def shown_size(size_bytes: int) -> str:
    """A size for people, in Docker's decimal units.

    >>> shown_size(0), shown_size(999), shown_size(1_250_000)
    ('0B', '999B', '1.25MB')
    """
    value, units = float(size_bytes), iter(("kB", "MB", "GB", "TB"))
    unit = "B"
    while value >= 1000 and (more := next(units, None)):
        value, unit = value / 1000, more
    return f"{value:.3g}{unit}"


def duration_s(text: str, option: str) -> float:
    """A time with its unit.

    >>> duration_s("10m", "--budget"), duration_s("1.5h", "--budget"), duration_s("90s", "--budget")
    (600.0, 5400.0, 90.0)
    """
    found = re.fullmatch(r"(\d{1,6}(?:\.\d{1,3})?)([smh])", text.strip())
    if not found or not float(found[1]):
        raise UsageError(f"{option} wants a time such as 90s, 10m or 1h; got {text!r}")
    return float(found[1]) * {"s": 1, "m": 60, "h": 3600}[found[2]]
