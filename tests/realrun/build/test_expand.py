"""Variables in words: a table of cases, and laws that hold for all words."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from realrun.build.expand import ExpandError, expand, expand_text, expand_words

VALUES = {"x": "value", "empty": "", "p": "/a/b/c.tar.gz"}
TABLE = [
    tuple(part.strip() for part in line.rsplit("|", 1))
    for line in Path(__file__).with_name("expansion.txt").read_text().splitlines()
    if not line.startswith("#")
]


@pytest.mark.parametrize(("word", "wanted"), TABLE, ids=[word for word, _ in TABLE])
def test_the_table(word: str, wanted: str):
    if wanted.startswith("!"):
        with pytest.raises(ExpandError, match=wanted.removeprefix("!").strip()):
            expand(word, VALUES)
    else:
        assert expand(word, VALUES) == wanted.replace("[]", "")


def test_the_escape_character_is_the_files_own():
    assert expand(r"C:\$x`$x", VALUES, "`") == r"C:\value$x"


def test_a_variable_may_hold_several_words():
    assert expand_words("${ports:-80 443}", {}) == ["80", "443"]
    assert expand_words("$unset", {}) == []


def test_in_a_here_document_quotes_are_text():
    assert expand_text("""it's "$x", \\$x, ${unset:-'q'}""", VALUES) == """it's "value", $x, q"""


TEXTS = st.text(st.sampled_from("ab x$" + "{}:-+?#%/\\'\"" + "é"), max_size=30)


@given(TEXTS)
@example("${" * 5000)
@example("${a:-" * 5000)
@example("${a:-" * 5000 + "}" * 5000)
def test_every_word_expands_or_is_refused(word: str):
    """Nothing else ever comes out: no other error, no hang."""
    try:
        found = expand(word, VALUES)
    except ExpandError as error:
        found = f"refused: {error}"
    assert isinstance(found, str)


@given(st.text(max_size=40))
def test_quoting_protects_everything(text: str):
    """Single quotes keep any text; so does an escape before every special character."""
    if "'" not in text:
        assert expand(f"'{text}'", VALUES) == text
    assert expand("".join("\\" + char for char in text), VALUES) == text


@given(st.text(st.characters(exclude_characters="$\\'\""), max_size=40))
def test_a_word_without_signs_is_itself(text: str):
    assert expand(text, VALUES) == text


@given(st.text(max_size=20), st.text("abc", max_size=5))
def test_values_are_not_expanded_again(value: str, other: str):
    """What a variable holds is text, whatever it looks like."""
    values = {"v": value, "o": other}
    assert expand("$v", values) == value
    assert expand('"${v}"', values) == value
    assert expand("${v:-$o}", values) == (value or other)
    assert expand("${v:+$o}", values) == (other if value else "")


def test_in_a_here_document_every_escape_goes():
    """BuildKit has it so: a shell would keep the one before an n."""
    assert expand_text(r"a\nb \\ \$x `$x", VALUES) == r"anb \ $x `value"
    assert expand_text("a`nb `$x \\n", VALUES, "`") == "anb $x \\n"
