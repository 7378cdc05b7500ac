"""What an attacker tries, from inside: a program for any container, as real system calls.

Each attack is a function that says what it got, or raises OSError for what it was refused. Nothing
here harms a machine that lets it: switches are opened and not written, clocks set to what they
are, processes of the test's own are looked at. It needs Python and its `ctypes` alone.
"""

from __future__ import annotations

import errno
import json
import sys
from collections.abc import Callable
from functools import partial

from tests.security.inside import neighbours, offers, switches, ways_out  # noqa: F401
from tests.security.inside.calls import ATTACKS, in_child

GUARD_S = 20  # for an attack that hangs


def outcome(function: Callable[[], str]) -> str:
    """`works: ...` or the name of the error."""
    try:
        return f"works: {function()}"
    except OSError as error:
        return errno.errorcode.get(error.errno or 0, str(error))
    except Exception as error:
        return f"odd: {error!r}"


def main() -> None:
    """The attacks of the command line, or all; their outcomes as JSON."""
    names = sys.argv[1:] or list(ATTACKS)
    print(json.dumps({name: in_child(partial(outcome, ATTACKS[name]), GUARD_S) for name in names}))


if __name__ == "__main__":
    main()
