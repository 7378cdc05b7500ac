"""Times as containers tell them (`logs.moment`), and as users ask for them."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from realrun.errors import UsageError

DIGITS = 9
NANOS = {"ns": 1, "us": 10**3, "µs": 10**3, "ms": 10**6, "s": 10**9, "m": 60 * 10**9,
         "h": 3600 * 10**9}  # fmt: skip
NUMBER = r"(\d+(?:\.\d*)?|\.\d+)"
PART = re.compile(rf"{NUMBER}(ns|us|µs|ms|s|m|h)")
SPAN = re.compile(rf"(?:{NUMBER}(?:ns|us|µs|ms|s|m|h))+")
SINCE_1970 = re.compile(r"(\d{1,11})(?:\.(\d{1,9}))?")
DATE = re.compile(
    r"(\d{4}-\d\d-\d\d(?:T\d\d(?::\d\d(?::\d\d(?:\.(\d{1,9}))?)?)?)?)(Z|[+-]\d\d:\d\d)?"
)


def seconds(text: str) -> float:
    """Since 1970; `text` is as `logs.moment` writes it.

    >>> seconds("1970-01-01T00:01:00.500000000Z")
    60.5
    """
    return asked(text, 0) / 1e9


def asked(text: str, now_ns: int) -> int:
    """What `--since` and `--until` mean, in nanoseconds since 1970.

    A date with or without a time (of this place, unless it says otherwise), seconds since 1970,
    or a time span that ends now. Source: Docker's reference, `docker logs --since`.

    >>> asked("1m30s", 100 * 10**9), asked("7.5", 0), asked("1970-01-01T00:00:01.5Z", 0)
    (10000000000, 7500000000, 1500000000)
    """
    if SPAN.fullmatch(text):
        span_ns = sum(float(number) * NANOS[unit] for number, unit in PART.findall(text))
        return now_ns - round(span_ns)
    if found := SINCE_1970.fullmatch(text):
        return int(found[1]) * NANOS["s"] + fraction(found[2])
    found = DATE.fullmatch(text)
    try:
        date = datetime.fromisoformat(found[1].partition(".")[0] if found else "")
    except ValueError:
        raise UsageError(
            f"{text!r} is no time: write 2026-01-31T12:00:00, seconds since 1970, or 10m for"
            " ten minutes ago"
        ) from None
    zone = found[3] if found else None
    if zone:
        date = date.replace(tzinfo=UTC if zone == "Z" else datetime.strptime(zone, "%z").tzinfo)
    return int(date.timestamp()) * NANOS["s"] + fraction(found[2] if found else None)


def fraction(digits: str | None) -> int:
    """Nanoseconds of the digits behind the point."""
    return int((digits or "0").ljust(DIGITS, "0"))
