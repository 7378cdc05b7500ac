"""What charts say, in each language: sentences and words.

All words are in `texts/LANGUAGE.toml`, by chart. Words of the tables themselves (`guest kernel`,
`page faults`) are `terms` there; names of isolations and of phases stay as commands have them.
"""

import re
import tomllib
from functools import cache
from importlib.resources import files
from typing import Any
from unicodedata import east_asian_width

from sim.language import spoken


@cache
def texts(language: str) -> dict[str, dict[str, str]]:
    """Everything that is said in `language`, by chart and name."""
    text = (files("sim.charts") / "texts" / f"{language}.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


def say(key: str, **values: Any) -> str:
    """The text `chart.name` in the language of now, with its blanks filled in.

    >>> say("common.simulated", machine="m1", names="container")
    'simulated for m1: container'
    """
    chart, _, name = key.partition(".")
    return texts(spoken())[chart][name].format(**values)


def term(word: str) -> str:
    """A word of the tables as the language of now has it; the word itself where it has none.

    >>> term("guest kernel"), term("a word that nobody knows")
    ('guest kernel', 'a word that nobody knows')
    """
    return texts(spoken())["terms"].get(word, word)


def wrap(text: str, width: int) -> list[str]:
    """Break a text at blanks, but not in `n = 1`; a Hangul syllable is as wide as two letters.

    >>> wrap("one two three", width=8)
    ['one two', 'three']
    """
    lines = [""]
    for word in re.sub(r"\bn ([=≤]) ", "n\N{NO-BREAK SPACE}\\1\N{NO-BREAK SPACE}", text).split(" "):
        if lines[-1] and columns(f"{lines[-1]} {word}") > width:
            lines.append("")
        lines[-1] = f"{lines[-1]} {word}".strip()
    return lines


def columns(text: str) -> int:
    """How wide a text is, in letters.

    >>> columns("n"), columns("\uac00")
    (1, 2)
    """
    return sum(2 if east_asian_width(sign) in "WF" else 1 for sign in text)
