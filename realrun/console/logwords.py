"""`--log-opt`: how much of what a container says is kept.

Source: Docker's documentation, "Local file logging driver".
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from realrun.engine import LOG_MAX_BYTES, LOG_MAX_FILES
from realrun.errors import UsageError
from realrun.sizes import size_bytes


def log_bounds(options: Iterable[str]) -> tuple[int, int]:
    """`max-size` in bytes (-1: no limit, here 0) and `max-file`.

    >>> log_bounds(["max-size=1m", "max-file=2"])
    (1048576, 2)
    """
    size, files = LOG_MAX_BYTES, LOG_MAX_FILES
    for option in options:
        name, _, value = option.partition("=")
        if name == "max-size":
            size = 0 if value == "-1" else size_bytes(value, "--log-opt max-size")
        elif name == "max-file" and re.fullmatch(r"[1-9][0-9]{0,2}", value):
            files = int(value)
        elif name == "max-file":
            raise UsageError(f"--log-opt max-file wants a number from 1 to 999; got {value!r}")
        else:
            raise UsageError(f"--log-opt knows max-size=SIZE and max-file=NUMBER; got {option!r}")
    return size, files
