"""How the rest of an instruction falls into words: four ways, as Docker's parser has four.

Source: Dockerfile reference, "ENV", "LABEL", "CMD" (JSON form), and BuildKit's behaviour where the
reference is silent.
"""

from __future__ import annotations

import json
import re


class WordError(ValueError):
    """The words make no sense; the text says what was expected."""


def split_quoted(text: str, escape: str) -> list[str]:
    """Words between blanks, where quotes and the escape character protect blanks.

    Quotes and escapes stay in the words: they are taken away when the word is expanded.

    >>> split_quoted('a="b c" d\\\\ e', "\\\\")
    ['a="b c"', 'd\\\\ e']
    """
    words, word, quote, at = [], "", "", 0
    while at < len(text):
        char, at = text[at], at + 1
        if char == escape and quote != "'" and at < len(text):
            word, at = word + char + text[at], at + 1
            continue
        if not quote and char.isspace():
            if word:
                words.append(word)
            word = ""
            continue
        if char in "\"'" and quote in ("", char):
            quote = "" if quote else char
        word += char
    return [*words, word] if word else words


def json_list(text: str) -> list[str] | None:
    """The list if `text` is one in JSON; None means: this is meant for the shell.

    An almost-list (`['a']`, a comma too many) silently is shell form; a list of anything but
    strings is an error.

    >>> json_list('["a", "b"]'), json_list("['a']")
    (['a', 'b'], None)
    """
    if not text.lstrip().startswith("["):
        return None
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if not isinstance(found, list) or not all(isinstance(item, str) for item in found):
        raise WordError("a JSON list here has to consist of strings only")
    return found


def pairs(text: str, escape: str, name: str) -> list[tuple[str, str]]:
    """`KEY=VALUE ...` of ENV and LABEL; or the old form `KEY the rest of the line`.

    The first word decides: without `=` in it the whole rest is the value of one key.
    """
    words = split_quoted(text, escape)
    if not words:
        raise WordError(f"{name} needs at least one KEY=VALUE")
    if "=" not in words[0]:
        both = re.split(r"[\t\v\f\r ]+", text.strip(), maxsplit=1)
        if len(both) < 2:
            raise WordError(f"{name} needs a value: {name} {both[0]}=VALUE")
        return [(both[0], both[1])]
    found = []
    for word in words:
        key, equals, value = word.partition("=")
        if not equals:
            raise WordError(f"{word!r} has no `=`; {name} wants KEY=VALUE for every word")
        if not key:
            raise WordError(f"{name} with an empty name in {word!r}")
        found.append((key, value))
    return found


def flags_first(text: str, escape: str) -> tuple[dict[str, list[str]], str]:
    """The `--name=value` words right after the instruction's name, and the rest.

    A bare `--` ends them. A flag may come several times.

    >>> flags_first("--from=a --link x y", "\\\\")
    ({'from': ['a'], 'link': ['']}, 'x y')
    """
    flags: dict[str, list[str]] = {}
    rest = text.lstrip()
    while rest.startswith("--"):
        word = split_first(rest, escape)
        rest = rest[len(word) :].lstrip()
        if word == "--":
            break
        name, _, value = word[2:].partition("=")
        flags.setdefault(name.lower(), []).append(unquoted(value, escape))
    return flags, rest


def split_first(text: str, escape: str) -> str:
    """The first word of `text`, as it stands there."""
    return split_quoted(text, escape)[0]


def unquoted(text: str, escape: str) -> str:
    """A flag's value without the quotes around parts of it."""
    out, quote, at = "", "", 0
    while at < len(text):
        char, at = text[at], at + 1
        if char == escape and at < len(text):
            out, at = out + text[at], at + 1
        elif char in "\"'" and quote in ("", char):
            quote = "" if quote else char
        else:
            out += char
    return out
