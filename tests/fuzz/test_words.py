"""Words of a Dockerfile: variables cut and replaced as the standard library would do it."""

from __future__ import annotations

import re
from contextlib import suppress

from hypothesis import example, given
from hypothesis import strategies as st

from realrun.build.expand import ExpandError, expand, expand_text
from tests.fuzz.rules import examples, no_hang

VALUES = st.text("ab/.\n", max_size=12)
PATTERNS = st.text("ab/.*?", min_size=1, max_size=6)
LONG = "a" * 20_000


def regex(pattern: str) -> str:
    signs = {"*": ".*", "?": "."}
    return "(?s:" + "".join(signs.get(char, re.escape(char)) for char in pattern) + ")"


@examples(300)
@given(VALUES, PATTERNS, st.sampled_from("#%"), st.booleans())
@example(LONG, "*a*a*a*a*b", "#", True)
@example(LONG, "*b*a*a*a*a", "%", False)
def test_what_is_cut_off_is_the_shortest_or_the_longest(value, pattern, side, longest):
    word = "${x" + side * (1 + longest) + pattern.replace("/", "\\/") + "}"
    with no_hang():
        found = expand(word, {"x": value})
    assert value.startswith(found) if side == "%" else value.endswith(found)
    if len(value) > 100:
        return
    lengths = range(len(value), -1, -1) if longest else range(len(value) + 1)
    cuts = (value[:n] if side == "#" else value[len(value) - n :] for n in lengths)
    cut = next((one for one in cuts if re.fullmatch(regex(pattern), one)), "")
    assert len(found) == len(value) - len(cut)


@examples(300)
@given(VALUES, PATTERNS, st.text("xy", max_size=2), st.booleans())
@example(LONG, "a*a*a*a*b", "x", True)
@example("aXbXc", "?", "Q", True)
def test_what_is_replaced_is_what_the_standard_library_replaces(value, pattern, by, everywhere):
    with no_hang():
        word = pattern.replace("/", "\\/")
        found = expand("${x/" + "/" * everywhere + word + "/" + by + "}", {"x": value})
    if len(value) < 100 and not set(pattern) <= {"*"}:  # for nothing behind a match, Go has none
        assert found == re.sub(regex(pattern), by, value, count=0 if everywhere else 1)


@examples(300)
@given(st.text(st.sampled_from("ab x$" + "{}:-+?#%/\\'\"*" + "é\n\0"), max_size=40), VALUES)
def test_every_word_and_every_text_expands_or_is_refused(word: str, value: str):
    with no_hang():
        for become in (expand, expand_text):
            with suppress(ExpandError):
                assert isinstance(become(word, {"a": value, "b": "", "x": "$a"}), str)
