"""Every text is there in every language, and speaks of the same things in each."""

import string

import pytest

from sim.errors import SimError
from sim.page.words import WORDS as PAGE
from sim.timeline.words import WORDS as TIMELINE
from sim.wording import spoken

TABLES = {"page": PAGE, "timeline": TIMELINE}


def places(text: str) -> set[str]:
    """What is put into a text when it is spoken."""
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


@pytest.mark.parametrize("table", TABLES.values(), ids=TABLES)
def test_no_language_lacks_a_text(table):
    assert len(table) > 1
    english = table["en"]
    for texts in table.values():
        assert texts.keys() == english.keys()
        for name, text in texts.items():
            assert text.strip()
            assert places(text) == places(english[name]), name


@pytest.mark.parametrize("table", TABLES.values(), ids=TABLES)
def test_korean_is_korean(table):
    """A text that was copied and not translated has no Hangul in it."""
    left = [name for name, text in table["ko"].items() if not any("가" <= c <= "힣" for c in text)]
    assert left == []


def test_a_language_that_there_is_not_is_one_line():
    with pytest.raises(SimError, match=r"language 'kr' is unknown; valid: en, ko"):
        spoken(PAGE, "kr")
