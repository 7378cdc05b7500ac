"""What a word becomes: variables replaced, quotes and escapes taken away.

    $x ${x}          the value, or nothing
    ${x:-w} ${x-w}   w if x is unset (with the colon: or empty)
    ${x:+w} ${x+w}   w if x is set (with the colon: and not empty)
    ${x:?w} ${x?w}   an error with the text w if x is unset (or empty)
    ${x#p} ${x##p} ${x%p} ${x%%p}     without the shortest or longest prefix or suffix matching p
    ${x/p/w} ${x//p/w}                the first, or every, match of p replaced by w

Single quotes protect all, double quotes everything but `$` and the escape character. The builder
does this in ADD, COPY, ENV, EXPOSE, FROM, LABEL, STOPSIGNAL, USER, VOLUME and WORKDIR; in RUN, CMD
and ENTRYPOINT the shell of the image does it, or nobody.

Source: Dockerfile reference, "Environment replacement".
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from realrun.build.match import ALL, ONE, Part, Pattern

NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*|[0-9]+|[@*#?$!0-]")
MAX_DEPTH = 100


class ExpandError(ValueError):
    """The word cannot be expanded; the text says why."""


def expand(word: str, values: Mapping[str, str], escape: str = "\\") -> str:
    """One word, expanded.

    >>> expand("${greeting:-Hello}, '$you' and \\\\$me", {})
    'Hello, $you and $me'
    """
    return Expander(word, values, escape).all()


def expand_words(word: str, values: Mapping[str, str], escape: str = "\\") -> list[str]:
    """The same where one word may become several: blanks that came out of a variable split it.

    >>> expand_words("$PORTS", {"PORTS": "80 443"})
    ['80', '443']
    """
    return expand(word, values, escape).split()


def expand_text(text: str, values: Mapping[str, str], escape: str = "\\") -> str:
    """A here-document: quotes are text, and every escape character goes, unlike in a shell.

    >>> expand_text('say "$x"', {"x": "hi"})
    'say "hi"'
    """
    reader, out = Expander(text, values, escape), ""
    while (char := reader._next()) != "":
        if char == "$":
            out += reader._dollar()
        elif char == escape:
            out += reader._next()
        else:
            out += char
    return out


class Expander:
    """A reader of one word; `at` is the next character."""

    def __init__(self, text: str, values: Mapping[str, str], escape: str) -> None:
        self.text, self.values, self.escape = text, values, escape
        self.at = self.depth = 0

    def all(self) -> str:
        return self._until("")

    def _until(self, stop: str, keep_escapes: bool = False) -> str:
        """Expand up to the character `stop`, which is taken too; or to the end of the text."""
        out = ""
        while (char := self._next()) != "":
            if stop and char == stop:
                return out
            if char == "'":
                out += self._single()
            elif char == '"':
                out += self._double()
            elif char == "$":
                out += self._dollar()
            elif char == self.escape:
                following = self._next()
                out += (self.escape if keep_escapes and following else "") + following
            else:
                out += char
        if stop:
            raise ExpandError(f"{self.text!r}: missing {stop!r}")
        return out

    def _next(self) -> str:
        """The next character, or nothing at the end."""
        char = self.text[self.at : self.at + 1]
        self.at += len(char)
        return char

    def _peek(self) -> str:
        return self.text[self.at : self.at + 1]

    def _single(self) -> str:
        end = self.text.find("'", self.at)
        if end < 0:
            raise ExpandError(f"{self.text!r}: a single quote that is not closed")
        inner, self.at = self.text[self.at : end], end + 1
        return inner

    def _double(self) -> str:
        out = ""
        while (char := self._next()) != "":
            if char == '"':
                return out
            if char == "$":
                out += self._dollar()
            elif char == self.escape and self._peek() in ('"', "$", self.escape):
                out += self._next()
            else:
                out += char
        raise ExpandError(f"{self.text!r}: a double quote that is not closed")

    def _dollar(self) -> str:
        """After a `$`: a name, or a name and a modifier in braces, or just a dollar."""
        if self._peek() != "{":
            found = NAME.match(self.text, self.at)
            if not found:
                return "$"
            self.at = found.end()
            return self._value(found[0]) or ""
        self.at += 1
        found = NAME.match(self.text, self.at)
        if self._peek() == "":
            raise ExpandError(f"{self.text!r}: missing '}}'")
        if not found:
            raise ExpandError(f"{self.text!r}: no variable name after '${{'")
        self.at = found.end()
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise ExpandError("variables nested too deeply")
        value = self._modified(found[0])
        self.depth -= 1
        return value

    def _value(self, name: str) -> str | None:
        """The value, None if unset; there are no positional or special parameters here."""
        return self.values.get(name) if name[0].isalpha() or name[0] == "_" else None

    def _modified(self, name: str) -> str:
        value, modifier = self._value(name), self._next()
        if modifier == "}":
            return value or ""
        if modifier == "":
            raise ExpandError(f"{self.text!r}: missing '}}'")
        if modifier == ":":
            value, modifier = value or None, self._next()
            if modifier not in ("-", "+", "?"):
                modifier = ":" + modifier
        if modifier in ("-", "+", "?"):
            return self._or_else(name, value, modifier)
        if modifier in ("#", "%"):
            return self._trimmed(value or "", modifier)
        if modifier == "/":
            return self._replaced(value or "")
        raise ExpandError(f"{self.text!r}: unsupported modifier {modifier!r} after ${{{name}")

    def _or_else(self, name: str, value: str | None, modifier: str) -> str:
        word = self._until("}")
        if modifier == "+":
            return word if value is not None else ""
        if value is not None:
            return value
        if modifier == "?":
            raise ExpandError(f"{name}: {word or 'has to be set, and not to nothing'}")
        return word

    def _trimmed(self, value: str, side: str) -> str:
        """`#`, `##`: from the front; `%`, `%%`: from the back; doubled: as much as possible."""
        greedy = self._peek() == side
        self.at += greedy
        parts = shell_parts(self._until("}", keep_escapes=True), self.escape)
        if side == "%":
            parts.reverse()
        found = Pattern(parts).ends(value if side == "#" else value[::-1]) or [0]
        cut = max(found) if greedy else min(found)
        return value[cut:] if side == "#" else value[: len(value) - cut]

    def _replaced(self, value: str) -> str:
        everywhere = self._peek() == "/"
        self.at += everywhere
        parts = shell_parts(self._until("/", keep_escapes=True), self.escape)
        word = self._until("}")
        return replaced(value, parts, word, everywhere) if parts else value


def replaced(value: str, parts: list[Part], word: str, everywhere: bool) -> str:
    """The first of what matches, or all, replaced; each as long as it can be."""
    backwards = Pattern([ALL, *reversed(parts)]).ends(value[::-1])
    pattern, out, done, last = Pattern(parts), "", 0, -1
    for start in sorted(len(value) - end for end in backwards):
        end = start + pattern.ends(value[start:])[-1] if start >= done else -1
        if end < start or start == end == last:
            continue  # inside the last one, or nothing, right behind it
        out += value[done:start] + word
        done = last = end
        if not everywhere:
            break
    return out + value[done:]


def shell_parts(pattern: str, escape: str) -> list[Part]:
    """`*` and `?` of the shell; everything else stands for itself."""
    out: list[Part] = []
    at = 0
    while at < len(pattern):
        char, at = pattern[at], at + 1
        if char == escape and at < len(pattern):
            out.append(pattern[at])
            at += 1
        else:
            out.append({"*": ALL, "?": ONE}.get(char, char))
    return out
