"""Go templates, as Docker's users write them after `--format`: from text to `templatenodes`.

Source: Go's `text/template`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from realrun.console import gowords
from realrun.console import templatenodes as nodes
from realrun.console.gowords import TemplateError
from realrun.console.templatenodes import Expression, Node, Operand

NAME = r"[^\W\d]\w*"
TOKEN = re.compile(
    rf"""(?P<space>\s+)
    |(?P<text>"(?:\\.|[^"\\])*"|`[^`]*`)
    |(?P<number>[+-]?(?:0[xX][0-9a-fA-F]+|\d+(?:\.\d+)?))
    |(?P<field>(?:\.{NAME})+)
    |(?P<dot>\.)
    |(?P<variable>\$\w*(?:\.{NAME})*)
    |(?P<name>{NAME})
    |(?P<close>\)(?:\.{NAME})*)
    |(?P<mark>:=|[=|(,])""",
    re.VERBOSE | re.DOTALL,
)
OPEN = re.compile(r"\{\{(-\s)?")
COMMENT = re.compile(r"\s*/\*.*?\*/", re.DOTALL)
CLOSE = re.compile(r"(\s+-\}\})|\s*\}\}")
BLANK = " \t\r\n"
ESCAPE = re.compile(r"\\(x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|[0-7]{3}|.)", re.DOTALL)
ESCAPES = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}
CONSTANTS = {"true": True, "false": False, "nil": None}
BLOCKS = {"if": nodes.choice, "with": nodes.choice, "range": nodes.loop}
UNKNOWN = ("define", "template", "block")


class Token(NamedTuple):
    """A word of an action."""

    kind: str
    text: str


class Template:
    """A parsed template; raises `TemplateError` if it makes no sense.

    >>> Template("{{.Name | upper}}: {{range $i, $x := .List}}{{if $i}}, {{end}}{{$x}}{{end}}")(
    ...     {"Name": "a", "List": ["x", "y"]})
    'A: x, y'
    """

    def __init__(self, text: str, functions: Mapping[str, Any] = gowords.FUNCTIONS) -> None:
        self.functions = functions
        self.nodes, end = Parser(list(split(text))).nodes()
        if end:
            raise TemplateError(f"{{{{{end[0].text}}}}} has nothing that it belongs to")

    def __call__(self, data: Any) -> str:
        """What it makes of `data`."""
        run = nodes.Run(self.functions, data)
        try:
            nodes.perform(self.nodes, run, data)
        except nodes.Leave as word:
            raise TemplateError(f"{word} belongs into a range") from None
        return "".join(run.out)


def split(text: str) -> Iterator[str | list[Token]]:
    """Text as it is, and actions as words; blanks are gone where a - asks for it."""
    place, trim = 0, False
    while found := OPEN.search(text, place):
        said = text[place : found.start()]
        said = said.lstrip(BLANK) if trim else said
        yield said.rstrip(BLANK) if found[1] else said
        comment = COMMENT.match(text, found.end())
        words: list[Token] = []
        place = comment.end() if comment else found.end()
        while not (close := CLOSE.match(text, place)):
            word = word_at(text, place, text[found.start() :])
            words += [word] if word.kind != "space" else []
            place += len(word.text)
        if not comment:
            yield words
        place, trim = close.end(), bool(close[1])
    yield text[place:].lstrip(BLANK) if trim else text[place:]


def word_at(text: str, place: int, action: str) -> Token:
    """The next word of an action."""
    if word := TOKEN.match(text, place):
        return Token(str(word.lastgroup), word[0])
    if place == len(text):
        raise TemplateError(f"}}}} is missing behind {action!r:.60}")
    raise TemplateError(f"{text[place : place + 20]!r} makes no sense within {{{{ and }}}}")


class Parser:
    """From pieces to nodes."""

    def __init__(self, pieces: Sequence[str | list[Token]]) -> None:
        self.pieces = list(reversed(pieces))

    def nodes(self) -> tuple[list[Node], list[Token]]:
        """All up to an `end` or `else`, and that; nothing at the end of the text."""
        found: list[Node] = []
        while self.pieces:
            piece = self.pieces.pop()
            if isinstance(piece, str):
                found.append(nodes.write(piece))
            elif piece and piece[0].text in ("end", "else"):
                return found, piece
            else:
                found.append(self.action(piece))
        return found, []

    def action(self, piece: list[Token]) -> Node:
        """One action, with all that belongs to it."""
        head = piece[0].text if piece else ""
        if head in BLOCKS:
            return self.block(piece)
        if head in ("break", "continue"):
            return nodes.leave(head)
        if head in UNKNOWN:
            raise TemplateError(f"{head} is not known here; write the template in one piece")
        words = Words(piece)
        names, sign, value = words.assignment()
        if len(names) > 1:
            raise TemplateError("two variables at once belong into a range")
        return nodes.remember(names[0], value, sign == ":=") if names else nodes.show(value)

    def block(self, piece: list[Token]) -> Node:
        """if, with, range, up to its end."""
        head = piece[0].text
        names, _, value = Words(piece[1:]).assignment()
        body, end = self.nodes()
        other: list[Node] = []
        if len(end) > 1 and end[1].text in BLOCKS:
            other = [self.block(end[1:])]  # its end is ours as well
        elif end and end[0].text == "else":
            other, end = self.nodes()
        if not end or (end[0].text == "else" and len(end) == 1):
            raise TemplateError(f"{{{{{head}}}}} lacks its {{{{end}}}}")
        return BLOCKS[head](head, names, value, body, other)


class Words:
    """The words of one action, taken from the left."""

    def __init__(self, words: Sequence[Token]) -> None:
        self.words, self.place = words, 0

    @property
    def next(self) -> Token:
        """The next word, of no kind at the end."""
        return self.words[self.place] if self.place < len(self.words) else Token("", "")

    def assignment(self) -> tuple[list[str], str, Expression]:
        """A whole action: `$name :=` or `$name, $name :=` if there is one, and a pipeline."""
        marks = [number for number, word in enumerate(self.words) if word.text in (":=", "=")]
        names: list[str] = []
        if marks:
            names = [word.text for word in self.words[: marks[0] : 2]]
            commas = all(word.text == "," for word in self.words[1 : marks[0] : 2])
            if not commas or not all(re.fullmatch(r"\$\w+", name) for name in names):
                raise TemplateError("before := and = there are one or two variables such as $x")
            self.place = marks[0] + 1
        value = self.pipeline()
        if self.place < len(self.words):
            raise TemplateError(f"{self.next.text!r} is too much")
        return names, self.words[marks[0]].text if marks else "", value

    def pipeline(self) -> Expression:
        """Commands with | between them."""
        value: Expression | None = None
        while True:
            operands = []
            while self.next.kind not in ("", "close") and self.next.text != "|":
                operands.append(self.operand())
            if not operands:
                raise TemplateError("a value is missing")
            value = nodes.command(operands, value)
            if self.next.text != "|":
                return value
            self.place += 1

    def operand(self) -> Operand:
        """One word, or a pipeline in parentheses."""
        kind, text = self.next
        self.place += 1
        name, *fields = text.split(".") if kind in ("field", "variable") else (text,)
        if kind == "field":
            return nodes.chain(dot_itself, fields)
        if kind == "variable":
            return nodes.chain(nodes.variable(name), fields)
        if text == "(":
            return self.parentheses()
        if kind == "dot":
            return dot_itself
        if kind in ("text", "number"):
            return nodes.constant(unquoted(text) if kind == "text" else number(text))
        if text in CONSTANTS:
            return nodes.constant(CONSTANTS[text])
        if text not in gowords.FUNCTIONS and text not in gowords.LAZY:
            known = ", ".join(sorted([*gowords.FUNCTIONS, *gowords.LAZY]))
            raise TemplateError(f"{text!r} is no function; there are {known}")
        return nodes.function(text)

    def parentheses(self) -> Operand:
        """`(pipeline)`, and fields of what it gives."""
        value = self.pipeline()
        kind, text = self.next
        if kind != "close":
            raise TemplateError(") is missing")
        self.place += 1

        def inner(run: nodes.Run, dot: Any, given: Sequence[nodes.Thunk]) -> Any:
            return nodes.plain(value(run, dot), given)

        return nodes.chain(inner, text.split(".")[1:])


def dot_itself(run: nodes.Run, dot: Any, given: Sequence[nodes.Thunk]) -> Any:
    """What the template stands on."""
    return nodes.plain(dot, given)


def unquoted(text: str) -> str:
    """A text without its quotes; in double ones there are escapes."""
    inner = text[1:-1]
    if text[0] == "`":
        return inner

    def one(found: re.Match[str]) -> str:
        word = found[1]
        if len(word) > 1:
            return chr(int(word, 8) if word[0] not in "xuU" else int(word[1:], 16))
        return ESCAPES.get(word, word)

    return ESCAPE.sub(one, inner)


def number(text: str) -> int | float:
    """A whole number, or one with a point."""
    return float(text) if "." in text else int(text, 0 if "x" in text.lower() else 10)
