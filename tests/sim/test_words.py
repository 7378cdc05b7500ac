"""Every text is there in every language, and speaks of the same things in each."""

import re
import string

import pytest

from sim.errors import SimError
from sim.page.words import WORDS as PAGE
from sim.report.words import WORDS as REPORT
from sim.timeline.words import WORDS as TIMELINE
from sim.wording import spoken

TABLES = {"page": PAGE, "report": REPORT, "timeline": TIMELINE}


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
    said = {name: re.sub(r"\{.*?\}", "", text) for name, text in table["ko"].items()}
    left = [name for name, text in said.items() if re.search("[a-zA-Z]", text)]
    assert [name for name in left if not re.search("[가-힣]", said[name])] == []


def test_a_language_that_there_is_not_is_one_line():
    with pytest.raises(SimError, match=r"language 'kr' is unknown; valid: en, ko"):
        spoken(PAGE, "kr")
