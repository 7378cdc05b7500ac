"""Here-documents: text that stands in the Dockerfile itself, for RUN, COPY and ADD.

`<<WORD`, `<<-WORD` (tabs in front of every line are dropped); a quoted word means that nothing
inside is expanded. Several may stand in one instruction, their texts follow in the same order.

Source: Dockerfile reference, "Here-Documents"; POSIX shell, 2.7.4.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from realrun.build.words import split_quoted

START = re.compile(r"(\d*)<<(-?)([^<]+)")
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
    found = [from_word(word) for word in split_quoted(words[1], escape)]
    return [document for document in found if document is not None]


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
