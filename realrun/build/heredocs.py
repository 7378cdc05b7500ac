"""Here-documents: text that stands in the Dockerfile itself, for RUN, COPY and ADD.

`<<WORD`, `<< WORD`, `<<-WORD` (tabs in front of every line are dropped); a quoted word means that
nothing inside is expanded. Several may stand in one instruction, their texts follow in this order.

Source: Dockerfile reference, "Here-Documents"; POSIX shell, 2.7.4.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from realrun.build.words import split_quoted

OPEN = re.compile(r"[0-9]{0,9}<<-?")
START = re.compile(r"([0-9]{0,9})<<(-?)([^<]+)")
TAKES_HEREDOCS = ("ADD", "COPY", "RUN")


class Heredoc(NamedTuple):
    """One here-document."""

    name: str
    expand: bool = True
    chomp: bool = False
    descriptor: int = 0
    content: str = ""


def announced(text: str, escape: str) -> list[Heredoc]:
    """Those that an instruction's line opens; none for instructions that take none."""
    words = text.split(None, 1)
    if words and words[0].upper() == "ONBUILD" and len(words) == 2:
        words = words[1].split(None, 1)
    if len(words) < 2 or words[0].upper() not in TAKES_HEREDOCS or "<<" not in text:
        return []
    if words[1].startswith("["):
        return []
    found = [from_word(word) for word in joined(split_quoted(words[1], escape))]
    return [document for document in found if document is not None]


def joined(words: Sequence[str]) -> list[str]:
    """The same words, with `<<` and a name behind a blank as one.

    >>> joined(["cat", "<<", "EOF", ">", "x"])
    ['cat', '<<EOF', '>', 'x']
    """
    out: list[str] = []
    for word in words:
        if out and OPEN.fullmatch(out[-1]):
            out[-1] += word
        else:
            out.append(word)
    return out


def alone(text: str) -> bool:
    """Is a here-document all that a command consists of?

    >>> alone("<<EOF"), alone("<<EOF python3"), alone("cat <<EOF")
    (True, False, False)
    """
    words = joined(split_quoted(text, "\\"))
    return len(words) == 1 and from_word(words[0]) is not None


def from_word(word: str) -> Heredoc | None:
    """`<<EOF`, `3<<-"EOF"`; None for any other word.

    >>> from_word('<<-"END"')
    Heredoc(name='END', expand=False, chomp=True, descriptor=0, content='')
    """
    found = START.fullmatch(word)
    if not found:
        return None
    name = re.sub(r"""["'\\]""", "", found[3])
    if not name:
        return None
    return Heredoc(name, name == found[3], found[2] == "-", int(found[1] or 0))
