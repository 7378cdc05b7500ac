"""The Korean edition keeps step: same code, every text of today's English, every sentence."""

from __future__ import annotations

import ast
import json
import re

import course
import pytest
from course import language
from course.cards import CARDS, card, problem
from course.cells import FOLDER, lessons, read
from course.edition import NOW, in_step
from course.hints import sentences, texts

from sim import charts
from sim.charts import words

HANGUL = re.compile(r"[가-힣]")
CODE = re.compile(r"<(code|pre)\b.*?</\1>", flags=re.DOTALL)
SEEDS = range(40)
TRANSLATED = lessons("ko")
each_lesson = pytest.mark.parametrize("path", TRANSLATED, ids=lambda p: p.stem)


@pytest.fixture(autouse=True)
def english_again():
    yield
    language.speak("en")
    charts.speak("en")


def said_by_the_package() -> set[str]:
    """What is given to `say` as it stands."""
    trees = [ast.parse(p.read_text("utf-8")) for p in language.HERE.glob("*.py")]
    calls = [node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Call)]
    named = [c.args[0] for c in calls if getattr(c.func, "id", "") == "say"]
    return {arg.value for arg in named if isinstance(arg, ast.Constant)}


def said_by_cards() -> set[str]:
    """Questions and hints, as many seeds bring them up."""
    tasks = [problem(name, seed).task for name in CARDS for seed in SEEDS]
    parts = [part for task in tasks for part in task.parts]
    hints = {hint for part in parts for hint in (part.hint, *(m.hint for m in part.mistakes))}
    return hints | {task.question for task in tasks}


def test_what_the_package_says_is_all_there():
    assert language.catalogue("ko", "package").keys() == said_by_the_package()


def test_what_the_cards_say_is_all_there_and_nothing_stale():
    have = language.catalogue("ko", "cards").keys()
    assert said_by_cards() - have == set()
    sources = [path.read_text("utf-8") for path in language.HERE.glob("cards/*.py")]
    package = {"cells": [{"cell_type": "code", "source": source} for source in sources]}
    assert have - texts(package) == set()


@each_lesson
def test_what_its_cells_say_is_all_there_and_nothing_stale(path):
    english = read(FOLDER / path.name)
    have = language.catalogue("ko", f"lesson-{path.name[:2]}").keys()
    assert set(sentences(english)) - have == set()
    assert have - texts(english) == set()


@pytest.mark.parametrize("path", sorted(language.HERE.glob("ko/*.json")), ids=lambda p: p.stem)
def test_a_sentence_is_in_hangul_and_keeps_its_places(path):
    for english, korean in json.loads(path.read_text("utf-8")).items():
        assert HANGUL.search(korean), korean
        assert sorted(language.places(korean)) == sorted(language.places(english)), korean


@each_lesson
def test_it_has_moved_with_the_english_edition(path):
    """Changed a lesson? `python -m course translate`, and write what it names anew."""
    korean = read(path)
    assert in_step(read(FOLDER / path.name), korean, "ko") == korean
    assert [cell["id"] for cell in korean["cells"] if NOW in cell["source"]] == []


@each_lesson
def test_its_texts_are_in_hangul(path):
    texts = [cell for cell in read(path)["cells"] if cell["cell_type"] == "markdown"]
    assert [cell["id"] for cell in texts if not HANGUL.search(cell["source"])] == []


@each_lesson
def test_its_marks_are_seen_as_bold_and_not_as_asterisks(path):
    """Behind a bracket no word may follow: `**이미지**(image)는`, not `**이미지(image)**는`."""
    from nbconvert.filters import markdown2html

    texts = {c["id"]: c["source"] for c in read(path)["cells"] if c["cell_type"] == "markdown"}
    words = {name: CODE.sub("", str(markdown2html(text))) for name, text in texts.items()}
    assert [name for name, text in words.items() if "*" in text] == []


def test_a_changed_text_is_to_be_translated_anew():
    def lesson(text: str) -> dict:
        cells = [{"cell_type": "markdown", "id": "a", "metadata": {}, "source": text}]
        return {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}

    korean = in_step(lesson("Read."), None, "ko")
    assert NOW in korean["cells"][0]["source"]
    korean["cells"][0]["source"] = "읽으십시오."
    assert in_step(lesson("Read."), korean, "ko") == korean
    anew = in_step(lesson("Read again."), korean, "ko")["cells"][0]["source"]
    assert anew == f"읽으십시오.\n\n{NOW}\nRead again.\n-->"


def test_a_card_asks_and_hints_in_korean(capsys):
    language.speak("ko")
    one = card("M8", seed=1)
    with pytest.raises(course.NotYet, match="아직 아닙니다") as refused:
        one.check(one.mistakes()[0][0])
    assert "프로세스마다" in str(refused.value)
    one.check(one.solve())
    said = capsys.readouterr().out
    assert "컨테이너" in said
    assert said.endswith("맞습니다\n")


@pytest.mark.parametrize(
    ("english", "text", "korean"),
    [
        ({"as it is": "그대로"}, "as it is", "그대로"),
        ({"{n} is too many": "{n}은 너무 많음"}, "8 is too many", "8은 너무 많음"),
        ({"it boots": "부팅한다", "see part 5": "5부"}, "it boots see part 5", "부팅한다 5부"),
        ({"{a} {b}": "{b} {a}"}, "not to be found", "not to be found"),
    ],
)
def test_a_hint_is_found_with_its_values(english, text, korean, monkeypatch):
    monkeypatch.setattr(language, "_sentences", english)
    assert language.translated(text) == korean


def test_a_korean_lesson_has_korean_charts():
    course.Lesson(6, language="ko")
    assert words.spoken() == "ko"


def test_an_unknown_language_is_refused_by_name():
    with pytest.raises(ValueError, match="no lessons in 'xx'; there are en, ko"):
        course.Lesson(1, language="xx")
