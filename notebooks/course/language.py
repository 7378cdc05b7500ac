"""The language of a lesson: English stands in the code, `ko/*.json` has the sentences in Korean.

A catalogue is one JSON object, `{English: Korean}`. Both sides have the same `{names}` in braces.
`package.json` and `cards.json` are for all lessons, `lesson-01.json` for what the cells of lesson 1
say.
"""

from __future__ import annotations

import json
import re
from pathlib import Path

ENGLISH = "en"
HERE = Path(__file__).parent
_sentences: dict[str, str] = {}  # of the language in use; empty for English


def catalogue(language: str, name: str) -> dict[str, str]:
    """The sentences of one file, English to `language`; none where there is no such file."""
    path = HERE / language / f"{name}.json"
    if not path.exists():
        return {}
    sentences: dict[str, str] = json.loads(path.read_text("utf-8"))
    return sentences


def speak(language: str, lesson: int | None = None) -> None:
    """From now on, say everything in `language`, with what the cells of this lesson say.

    Raises:
        ValueError: if there is no such language.
    """
    known = sorted({ENGLISH, *(folder.parent.name for folder in HERE.glob("*/package.json"))})
    if language not in known:
        raise ValueError(f"no lessons in {language!r}; there are {', '.join(known)}")
    _sentences.clear()
    names = ["package", "cards", *([] if lesson is None else [f"lesson-{lesson:02}"])]
    for name in names:
        _sentences.update(catalogue(language, name))


def say(sentence: str, **values: object) -> str:
    """`sentence` in the language in use, with the values in place of the `{names}`."""
    return _sentences.get(sentence, sentence).format(**values)


def translated(text: str) -> str:
    """A text whose values are filled in already: what a cell says.

    As a whole; or as a sentence with values; or sentence by sentence, where a cell has put several
    together. What is not in the catalogue stays as it is.
    """
    if text in _sentences:
        return _sentences[text]
    for english, other in _sentences.items():
        if found := re.fullmatch(pattern(english), text, flags=re.DOTALL):
            return _filled(english, other, found.groups())
    for english in sorted(_sentences, key=len, reverse=True):
        if "{" not in english:
            text = text.replace(english, _sentences[english])
    return text


PLACE = re.compile(r"\{([^{}]*)\}")


def places(sentence: str) -> list[str]:
    """What stands in braces, in order."""
    return PLACE.findall(sentence)


def pattern(sentence: str) -> str:
    """What `sentence` becomes with values, as a regular expression; without words, nothing."""
    pieces = PLACE.split(sentence)[::2]
    return "(.*?)".join(map(re.escape, pieces)) if re.search(r"\w", "".join(pieces)) else r"(?!)"


def _filled(english: str, other: str, found: tuple[str, ...]) -> str:
    """`other` with what was found in the places of `english`, each translated too if it can be."""
    values = dict(zip(places(english), (_sentences.get(text, text) for text in found), strict=True))
    return PLACE.sub(lambda place: values.get(place[1], place[0]), other)
