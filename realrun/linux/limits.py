"""Limits of each process (setrlimit(2)), by Docker's names.

Source: getrlimit(2), `asm-generic/resource.h` (the numbers of x86-64 and arm64 alike).
"""

from __future__ import annotations

import resource

from realrun.errors import UsageError

NUMBERS = {
    "cpu": 0,
    "fsize": 1,
    "data": 2,
    "stack": 3,
    "core": 4,
    "rss": 5,
    "nproc": 6,
    "nofile": 7,
    "memlock": 8,
    "locks": 10,
    "sigpending": 11,
    "msgqueue": 12,
    "nice": 13,
    "rtprio": 14,
    "rttime": 15,
}
NONE = -1
MOST = (1 << 63) - 1


def parsed(word: str) -> tuple[str, tuple[int, int]]:
    """`NAME=SOFT[:HARD]`, -1 for no limit; without HARD it is as SOFT.

    >>> parsed("nofile=64:128")
    ('nofile', (64, 128))
    """
    name, _, values = word.partition("=")
    soft, colon, hard = values.partition(":")
    try:
        pair = int(soft), int(hard if colon else soft)
    except ValueError:
        raise UsageError(f"--ulimit wants NAME=SOFT[:HARD]; got {word!r}") from None
    if name not in NUMBERS:
        raise UsageError(f"--ulimit knows {', '.join(sorted(NUMBERS))}; got {name!r}")
    if not all(NONE <= value <= MOST for value in pair):
        raise UsageError(f"--ulimit: a limit is -1 (none) or a number from 0; got {word!r}")
    if pair[1] != NONE and not NONE < pair[0] <= pair[1]:
        raise UsageError(f"--ulimit: the soft limit must not be above the hard one; got {word!r}")
    return name, pair


def set_limits(ulimits: dict[str, list[int]]) -> None:
    """Set them for this process and all that it becomes and starts."""
    for name, (soft, hard) in ulimits.items():
        try:
            resource.setrlimit(NUMBERS[name], (soft, hard))
        except (ValueError, OSError):
            now = resource.getrlimit(NUMBERS[name])[1]
            raise UsageError(
                f"{name}={soft}:{hard} is refused: the hard limit is {now} here, and only root of "
                "this machine may raise it"
            ) from None
