"""Names of containers: the rule is Docker's (`names.RestrictedNameChars`), the words are ours."""

from __future__ import annotations

import os
import re

from realrun.errors import UsageError

RULE = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9_.-]+")
LONGEST = 128  # Docker has no limit but that of a file name; a host name or a line of `ps` has
MOODS = (
    "able brave bright calm clever cool curious daring eager fair fine gentle glad happy honest "
    "jolly keen kind lively lucky merry modest neat nimble noble patient proud quick quiet sharp "
    "silent sunny swift tidy witty wise"
).split()
PIONEERS = (
    "allen babbage bartik boole cerf cocke codd dijkstra engelbart erlang floyd goldberg hamilton "
    "hamming hoare holberton hopper iverson jennings karp kay keller kendall kernighan kleinrock "
    "knuth lamport liskov little lovelace mccarthy milner naur neumann perlis postel ritchie "
    "shannon sutherland tarjan thompson turing wilkes wirth zuse"
).split()


def check(name: str) -> str:
    """The name, if it may be one."""
    if not RULE.fullmatch(name) or len(name) > LONGEST:
        raise UsageError(
            f"{name[:40]!r} is no name for a container: 2 to {LONGEST} letters, digits and _ . -,"
            " beginning with a letter or digit"
        )
    return name


def invented(number: int) -> str:
    """A name for a container that was given none; the later the try, the longer.

    >>> bool(RULE.fullmatch(invented(0)))
    True
    """
    chance = int.from_bytes(os.urandom(8), "big")  # `random` takes longer to load than all of this
    rest, mood = divmod(chance, len(MOODS))
    name = f"{MOODS[mood]}_{PIONEERS[rest % len(PIONEERS)]}"
    return f"{name}{number}" if number else name
