"""What an attacker tries, from inside: a program for any container, as real system calls.

Each attack is a function that says what it got, or raises OSError for what it was refused. Nothing
here harms a machine that lets it: switches are opened and not written, clocks set to what they
are, processes of the test's own are looked at. It needs Python and its `ctypes` alone.
"""

from __future__ import annotations

import errno
import json
import os
import signal
import sys
from collections.abc import Callable

from tests.security.inside import neighbours, offers, switches, ways_out  # noqa: F401
from tests.security.inside.calls import ATTACKS, is_ours

GUARD_S = 20  # for an attack that hangs


def outcome(function: Callable[[], str]) -> str:
    """`works: ...` or the name of the error, in a child that the attack may ruin."""
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(reader)
        is_ours(writer)
        signal.alarm(GUARD_S)
        try:
            told = f"works: {function()}"
        except OSError as error:
            told = errno.errorcode.get(error.errno or 0, str(error))
        except Exception as error:
            told = f"odd: {error!r}"
        os.write(writer, told.encode())
        os._exit(0)
    os.close(writer)
    with open(reader, "rb") as answer:
        told = answer.read().decode()
    _, status = os.waitpid(pid, 0)
    return told or f"killed by signal {status & 127}"


def main() -> None:
    """The attacks of the command line, or all; their outcomes as JSON."""
    names = sys.argv[1:] or list(ATTACKS)
    print(json.dumps({name: outcome(ATTACKS[name]) for name in names}))


if __name__ == "__main__":
    main()
