"""Signals by name, by number, and by Docker's way to write them.

Source: signal(7).
"""

from __future__ import annotations

import re
import signal

from realrun.errors import UsageError

LAST = 64


def number(word: str) -> int:
    """The number of a signal: `TERM`, `SIGTERM`, `15`, `RTMIN+3`.

    >>> number("sigterm"), number("9"), number("RTMAX-1")
    (15, 9, 63)
    """
    name = word.upper().removeprefix("SIG")
    if name.isascii() and name.isdigit() and 0 < int(name) <= LAST:
        return int(name)
    if match := re.fullmatch(r"(RTMIN|RTMAX)(?:([+-])([0-9]{1,2}))?", name):
        away = int(f"{match[2]}{match[3]}") if match[2] else 0
        found = int(signal.Signals[f"SIG{match[1]}"]) + away
        if signal.SIGRTMIN <= found <= signal.SIGRTMAX:
            return found
    elif f"SIG{name}" in signal.Signals.__members__:
        return int(signal.Signals[f"SIG{name}"])
    raise UsageError(f"{word!r} is no signal; there are names such as SIGTERM, and 1 to {LAST}")
