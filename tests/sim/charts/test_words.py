"""Every sentence of every chart is in one table a language, and nothing is missing in any."""

import re
from pathlib import Path
from string import Formatter

import pytest

from sim.charts import CHARTS, words
from sim.charts.words import say, term, texts
from sim.language import LANGUAGES, speak
from tests.sim.charts.gallery import tables
from tests.sim.charts.test_every_chart import words as face_of

FOLDER = Path(words.__file__).parent
SOURCES = {path: path.read_text(encoding="utf-8") for path in sorted(FOLDER.rglob("*.py"))}
SAID = re.compile(r"""["'](\w+\.\w+)["']""")
HANGUL = re.compile(r"[\uac00-\ud7a3]")


def sentences(language: str) -> dict[str, str]:
    """Key to text, without the words of tables."""
    return {
        f"{chart}.{name}": text
        for chart, said in texts(language).items()
        for name, text in said.items()
        if chart != "terms"
    }


def blanks(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name is not None}


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_language_says_everything_with_the_same_blanks(language):
    english, other = sentences("en"), sentences(language)
    assert other.keys() == english.keys()
    assert {key: blanks(text) for key, text in other.items()} == {
        key: blanks(text) for key, text in english.items()
    }
    assert texts(language)["terms"].keys() >= texts("en")["terms"].keys()


def test_korean_is_korean():
    """All but blanks, units and names of things that have no other."""
    plain = {key for key, text in sentences("ko").items() if not HANGUL.search(text)}
    assert plain == {"answers.title", "answers.x", "published.axis"}


def test_what_the_charts_say_is_in_the_table_and_the_table_has_no_more():
    """Keys are literals; those that are put together, by what they begin with."""
    known = set(sentences("en"))
    source = "".join(SOURCES.values())
    literal = {key for key in SAID.findall(source) if key.split(".")[0] in texts("en")}
    assert {key for key in literal if not key.endswith("_")} - known == set()
    begun = set(re.findall(r"""f?["'](\w+\.\w*_)["'{]""", source)) | {"storm.", "common."}
    questions = {f"{chart.name}.question" for chart in CHARTS}
    unsaid = known - literal - questions
    assert {key for key in unsaid if not key.startswith(tuple(begun))} == set()


def test_nothing_is_said_that_is_not_in_the_table(monkeypatch):
    """In a language without letters only the tables' own words have any."""
    letter = re.compile(r"(?<!\{)\b[A-Za-z][A-Za-z]+\b(?![^{]*\})")
    silent = {
        chart: {name: letter.sub("가", text) for name, text in said.items()}
        for chart, said in texts("ko").items()
    }
    monkeypatch.setattr(words, "texts", lambda language: silent)
    left: dict[str, set[str]] = {}
    for chart in CHARTS:
        picture = chart(*tables()[chart.name], language="ko")
        own = " ".join(str(value) for table in tables()[chart.name] for value in flat(table))
        said = set(re.findall(r"[A-Za-z]{3,}", f"{face_of(picture)} {picture.alt}"))
        left[chart.name] = {word for word in said if word not in own and word != "MiB"}
    names = {"sensitivity": {"Sobol"}, "accounts": {"MemAvailable"}}
    assert {name: found for name, found in left.items() if found} == names


def flat(table) -> list[object]:
    """All words of an argument of a chart."""
    if hasattr(table, "columns"):
        return [value for column in table.columns for value in table[column].unique()]
    return list(table) if isinstance(table, dict) else [table]


def test_words_of_tables_are_translated_and_unknown_ones_kept(monkeypatch):
    speak("ko")
    try:
        assert term("guest kernel") == "게스트 커널"
        assert term("first output") == "first output"
        assert say("common.word_measured") == "측정"
    finally:
        speak("en")
