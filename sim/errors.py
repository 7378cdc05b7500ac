"""What can go wrong, as one small tree.

SimError                the user can mend it: shown as one line, exit code 2
├── BadTable            a table breaks the contract in data/README.md
├── BadProfile          a profile has a wrong key or value
├── BadScenario         a scenario has one, or refers to itself
├── UnknownIsolation    asked for something that the profile does not hold
└── DoesNotFit          more memory is wanted than the host has
ModelBroken             the simulation broke one of its own laws: a bug, never a result
"""

from collections.abc import Iterable
from difflib import get_close_matches

# What a key may end in, if it ends in a unit: those of the profiles, and what people take for them.
UNITS = (
    "s",
    "ms",
    "us",
    "min",
    "h",
    "mib",
    "gib",
    "kib",
    "mb",
    "gb",
    "ratio",
    "percent",
    "w",
    "kw",
)


class SimError(Exception):
    """Something the user can mend; its text is one whole line that says how."""


class BadTable(SimError):
    """A table cannot be read: the text names file, line, column and what was expected."""


class BadProfile(SimError):
    """A profile cannot be used: the text names file, key and what was expected."""


class BadScenario(SimError):
    """A scenario cannot be used: the text names file, key and what was expected."""


class UnknownIsolation(SimError):
    """The profile has no isolation of this name: the text lists those it has."""


class DoesNotFit(SimError):
    """The host has not enough memory for what was asked."""


class ModelBroken(AssertionError):
    """The simulation violated one of its own laws: a bug, never a result."""


def nearest(word: str, names: Iterable[str]) -> str:
    """The end of an error line: the nearest valid name, or else all of them.

    >>> nearest("contaner", ["process", "container"])
    "did you mean 'container'?"
    >>> nearest("x", ["process", "container"])
    'valid: container, process'
    """
    known = sorted(names)
    close = get_close_matches(word, known, n=1)
    return f"did you mean {close[0]!r}?" if close else f"valid: {', '.join(known) or 'none'}"


def nearest_key(key: str, names: Iterable[str]) -> str:
    """The nearest valid name; of one that is right but for its unit, that it is the unit.

    >>> nearest_key("memory_gib", ["cores", "memory_mib"])
    "wrong unit, it is 'memory_mib'"
    >>> nearest_key("core", ["cores", "memory_mib"])
    "did you mean 'cores'?"
    """
    names = list(names)
    stem, _, unit = key.rpartition("_")
    right = [name for name in names if stem and name.rpartition("_")[0] == stem]
    if unit.lower() in UNITS and len(right) == 1:
        return f"wrong unit, it is {right[0]!r}"
    return nearest(key, names)
