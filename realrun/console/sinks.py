"""Where a program's output goes: on, at once, byte by byte."""

from __future__ import annotations

import os
import sys

from realrun.errors import RealRunError


class NoTerminal(RealRunError):
    """-i and -t want our input to be a terminal."""

    code = 1


def out(data: bytes) -> None:
    """To our output."""
    sys.stdout.buffer.write(data)
    sys.stdout.buffer.flush()


def err(data: bytes) -> None:
    """To our errors."""
    sys.stderr.buffer.write(data)
    sys.stderr.buffer.flush()


def our_input(interactive: bool, tty: bool) -> int | None:
    """Our input, if it is to be passed on; with -t it has to be a terminal."""
    if interactive and tty and not os.isatty(0):
        raise NoTerminal("-i with -t needs a terminal as input; leave out -t, or run it from one")
    return 0 if interactive else None
