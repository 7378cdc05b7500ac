"""The functions of Docker's templates, and how Go writes values.

Source: Go's `text/template` ("Functions") and `fmt` (%v); the Docker client's `templates` package.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from realrun.errors import UsageError


class TemplateError(UsageError):
    """A template that makes no sense, or does not fit what it is to show."""

    code = 1  # the exit code

    def __init__(self, why: str) -> None:
        super().__init__(f"--format: {why}")


class Struct(dict[str, Any]):
    """Something with fixed fields; to ask for another is an error. A function is a method.

    `absent`: more fields and their values, which JSON leaves out.
    """

    absent: Mapping[str, Any] = {}


class NilList(list[Any]):
    """A list that is not there: JSON says null, all else sees an empty one."""


class NilMap(dict[str, Any]):
    """The same of a map."""


MISSING = NilMap()  # what a map gives for a key that it does not have


def shown(value: Any) -> str:
    """A value as Go's %v writes it.

    >>> shown({"b": [1, "x"], "a": None}), shown(True)
    ('map[a:<nil> b:[1 x]]', 'true')
    """
    if value is None or value is MISSING:
        return "<nil>" if value is None else "<no value>"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return f"{value:g}" if float(f"{value:g}") == value else repr(value)
    if isinstance(value, Struct):
        return "{" + " ".join(map(shown, fields(value).values())) + "}"
    if isinstance(value, Mapping):
        return "map[" + " ".join(f"{key}:{shown(value[key])}" for key in sorted(value)) + "]"
    if isinstance(value, list | tuple):
        return "[" + " ".join(map(shown, value)) + "]"
    return str(value)


ESCAPES = {"\a": "a", "\b": "b", "\f": "f", "\n": "n", "\r": "r", "\t": "t", "\v": "v"}


def quoted(text: str) -> str:
    """In double quotes, with escapes for what cannot be printed (`strconv.Quote`).

    >>> print(quoted('a"b' + chr(10) + chr(27)))
    "a\\"b\\n\\x1b"
    """

    def one(char: str) -> str:
        if char in ESCAPES or char in '"\\':
            return "\\" + ESCAPES.get(char, char)
        if char.isprintable():
            return char
        code = ord(char)
        return (
            f"\\x{code:02x}"
            if code < 0x80
            else f"\\u{code:04x}"
            if code < 0x10000
            else f"\\U{code:08x}"
        )

    return '"' + "".join(map(one, text)) + '"'


def fields(value: Mapping[str, Any]) -> dict[str, Any]:
    """What is there to see: all but methods."""
    return {name: inner for name, inner in value.items() if not callable(inner)}


def to_json(value: Any, indent: int | None = None) -> str:
    """As Go's encoder writes it, in one line without blanks or `indent`ed.

    Half a character, which is no UTF-8, becomes a question mark.
    """
    separators = (",", ":") if indent is None else None
    text = json.dumps(plain(value), ensure_ascii=False, separators=separators, indent=indent)
    for line_end in "\u2028", "\u2029":
        text = text.replace(line_end, f"\\u{ord(line_end):04x}")
    return text.encode("utf-8", "replace").decode()


def plain(value: Any) -> Any:
    """With null for what is not there."""
    if isinstance(value, NilList | NilMap):
        return None
    if isinstance(value, Mapping):
        return {name: plain(inner) for name, inner in fields(value).items()}
    return [plain(inner) for inner in value] if isinstance(value, list | tuple) else value


def truth(value: Any) -> bool:
    """Does `if` take it; whatever is empty or 0 it does not."""
    return isinstance(value, Struct) or bool(value)


def index(item: Any, *keys: Any) -> Any:
    """`index x 1 2` is x[1][2]; a key that a map does not have gives what is empty."""
    for key in keys:
        if isinstance(item, Mapping):
            texts = all(isinstance(inner, str) for inner in item.values())
            item = item.get(key, "" if texts else MISSING)
        elif isinstance(item, list | tuple | str) and isinstance(key, int):
            if not 0 <= key < len(item):
                raise TemplateError(f"index: there is no {key} in a list of {len(item)}")
            item = item[key]
        else:
            raise TemplateError(f"index: {shown(item)!r} has no {shown(key)!r}")
    return item


def cut(item: Any, *bounds: int) -> Any:
    """`slice x 1 3` is x[1:3]."""
    if len(bounds) > 2:
        raise TemplateError("slice takes a beginning and an end at most")
    low, high = [*bounds, *(0, len(item))[len(bounds) :]]
    if not 0 <= low <= high <= len(item):
        raise TemplateError(f"slice: from {low} to {high} does not lie in {len(item)}")
    return item[low:high]


def join(items: Sequence[Any], between: str) -> str:
    """The texts of a list, in one."""
    if not all(isinstance(item, str) for item in items):
        raise TemplateError(f"join: wants a list of texts; got {shown(items)}")
    return between.join(items)


def title(text: str) -> str:
    """Every word with a capital."""
    return re.sub(r"(?<!\w)\w", lambda found: found[0].upper(), text)


def pad(text: str, before: int, behind: int) -> str:
    """Blanks around; none around nothing."""
    return text and " " * before + text + " " * behind


def equal(first: Any, *others: Any) -> bool:
    """Is the first as any of the others, and of the same kind."""
    for other in (first, *others):
        if isinstance(other, list | tuple | Mapping) and other is not MISSING:
            raise TemplateError(f"eq: {shown(other)} cannot be compared")
    return any(kind(other) is kind(first) and other == first for other in others)


def kind(value: Any) -> type:
    """Numbers are of one kind."""
    return float if type(value) is int else type(value)


def ordered(name: str, fits: Callable[[Any, Any], bool]) -> Callable[[Any, Any], bool]:
    """lt and its kin."""

    def compare(one: Any, other: Any) -> bool:
        if kind(one) is not kind(other) or kind(one) not in (float, str):
            raise TemplateError(f"{name}: {shown(one)!r} and {shown(other)!r} have no order")
        return fits(one, other)

    return compare


VERB = re.compile(r"%([-+# 0]*)(\d*)((?:\.\d*)?)(.)", re.DOTALL)
GO_TYPES = {bool: "bool", int: "int", float: "float64", str: "string"}


def printf(form: str, *values: Any) -> str:
    """The usual of `fmt.Sprintf`: %v %s %q %d %x %c %t %f %e %g, with width and precision.

    >>> printf("%-4s|%03d|%v|%d", "ab", 7, [1, 2], "x")
    'ab  |007|[1 2]|%!d(string=x)'
    """
    rest = list(values)

    def one(found: re.Match[str]) -> str:
        flags, width, precision, verb = found.groups()
        if verb == "%":
            return "%"
        if not rest:
            return f"%!{verb}(MISSING)"
        text = converted(rest.pop(0), flags, precision, verb)
        if "0" in flags and "-" not in flags and verb in "dxfeg":
            return text.zfill(int(width or 0))
        return text.ljust(int(width or 0)) if "-" in flags else text.rjust(int(width or 0))

    said = VERB.sub(one, form)
    return said + ("%!(EXTRA " + ", ".join(map(with_type, rest)) + ")" if rest else "")


def with_type(value: Any) -> str:
    """How Go tells of a value that does not fit."""
    return f"{GO_TYPES[type(value)]}={shown(value)}" if type(value) in GO_TYPES else shown(value)


def converted(value: Any, flags: str, precision: str, verb: str) -> str:
    """One value of printf, without its width."""
    sign = "+" if "+" in flags else ""
    if verb == "v" or (verb == "s" and not isinstance(value, bool | int | float)):
        text = shown(value)
        return text[: int(precision[1:] or 0)] if precision else text
    if verb == "t" and isinstance(value, bool):
        return shown(value)
    if verb in "xq" and isinstance(value, str):
        return value.encode().hex() if verb == "x" else quoted(value)
    if verb in "dxc" and type(value) is int:
        return format(value, ("" if verb == "c" else sign) + verb)
    if verb in "feg" and type(value) is float:
        return format(value, sign + precision + verb)
    return f"%!{verb}({with_type(value)})"


def print_(*values: Any) -> str:
    """With a blank between two of which none is a text."""
    said = ""
    for number, value in enumerate(values):
        texts = number and (isinstance(value, str) or isinstance(values[number - 1], str))
        said += (" " if number and not texts else "") + shown(value)
    return said


ANY = object
LISTS: tuple[type, ...] = (list, tuple)
# What each takes; after ... there may be more of the last kind.
FUNCTIONS: dict[str, tuple[Callable[..., Any], tuple[Any, ...]]] = {
    "json": (to_json, (ANY,)),
    "join": (join, (LISTS, str)),
    "split": (lambda text, at: text.split(at) if at else list(text), (str, str)),
    "upper": (str.upper, (str,)),
    "lower": (str.lower, (str,)),
    "title": (title, (str,)),
    "truncate": (lambda text, length: text[:length], (str, int)),
    "pad": (pad, (str, int, int)),
    "len": (lambda item: len(item.encode() if isinstance(item, str) else item),
            ((list, tuple, dict, str),)),
    "index": (index, (ANY, ANY, ...)),
    "slice": (cut, ((list, tuple, str), int, ...)),
    "eq": (equal, (ANY, ANY, ...)),
    "ne": (lambda one, other: not equal(one, other), (ANY, ANY)),
    "lt": (ordered("lt", lambda one, other: one < other), (ANY, ANY)),
    "le": (ordered("le", lambda one, other: one <= other), (ANY, ANY)),
    "gt": (ordered("gt", lambda one, other: one > other), (ANY, ANY)),
    "ge": (ordered("ge", lambda one, other: one >= other), (ANY, ANY)),
    "not": (lambda value: not truth(value), (ANY,)),
    "print": (print_, (ANY, ...)),
    "println": (lambda *values: " ".join(map(shown, values)) + "\n", (ANY, ...)),
    "printf": (printf, (str, ANY, ...)),
}  # fmt: skip
LAZY = ("and", "or")  # look at what they are given one by one, and only as far as they must


def call(name: str, function: Callable[..., Any], kinds: Sequence[Any], given: list[Any]) -> Any:
    """Call a function if what it is given is what it takes."""
    more = kinds[-1] is ...
    wanted = list(kinds[:-1]) if more else list(kinds)
    least = len(wanted) - more
    if len(given) < least or (len(given) > len(wanted) and not more):
        raise TemplateError(f"{name} takes {least}{' or more' * more} values; got {len(given)}")
    wanted += wanted[-1:] * (len(given) - len(wanted))
    for value, one in zip(given, wanted, strict=False):
        if not isinstance(value, one) or (one is int and isinstance(value, bool)):
            raise TemplateError(f"{name} cannot take {shown(value)!r}")
    return function(*given)
