"""Profiles on disk: TOML, read with the standard library, written by the few lines below."""

import json
import types
from collections.abc import Iterator, Mapping
from dataclasses import MISSING, Field, fields, is_dataclass
from pathlib import Path
from typing import Any, get_args, get_origin, get_type_hints

from sim.contract import MODELLED
from sim.errors import BadProfile, nearest, nearest_key
from sim.files import read_toml, write_text
from sim.profiles import Isolation, Profile

WORDS = {str: "a text", float: "a number", int: "a whole number"}


def read_profile(path: Path) -> Profile:
    """The profile in `path`; raises BadProfile with file, key and what was expected."""
    raw = read_toml(path, BadProfile, "`sim calibrate` makes a profile")
    try:
        return parse(Profile, raw, "")
    except BadProfile as why:
        raise BadProfile(f"{path}: {why}") from why


def parse(kind: type, raw: Any, key: str) -> Any:
    """The dataclass `kind` made from a TOML table that stands under `key`."""
    if not isinstance(raw, dict):
        raise BadProfile(f"{key}: expected a table, found {raw!r}")
    declared = {field.name: field for field in fields(kind)}
    for name in raw:
        if name not in declared:
            raise BadProfile(f"{_join(key, name)}: unknown key; {nearest_key(name, declared)}")
    hints = get_type_hints(kind)
    values = {
        name: _value(hints[name], raw[name], _join(key, name))
        for name, field in declared.items()
        if _present(name, field, raw, key)
    }
    try:
        return kind(**values)
    except ValueError as why:
        raise BadProfile(f"{key}: {why}") from why


def _join(key: str, name: str) -> str:
    return f"{key}.{name}" if key else name


def _present(name: str, field: Field[Any], raw: Mapping[str, Any], key: str) -> bool:
    required = field.default is MISSING and field.default_factory is MISSING
    if required and name not in raw:
        raise BadProfile(f"{_join(key, name)}: key is missing")
    return name in raw


def _value(kind: Any, raw: Any, key: str) -> Any:
    """One value as its declared type: a scalar, a table, a list of either, or named isolations."""
    if get_origin(kind) is tuple:
        item = get_args(kind)[0]
        if not isinstance(raw, list):
            raise BadProfile(f"{key}: expected a list, found {raw!r}")
        return tuple(_value(item, one, f"{key}[{at}]") for at, one in enumerate(raw))
    if isinstance(kind, types.UnionType):  # `X | None`: TOML has no null, an absent key means none
        kind = get_args(kind)[0]
    if kind in WORDS:
        return _scalar(kind, raw, key)
    if get_origin(kind) is Mapping:
        return _named_tables(get_args(kind)[1], raw, key)
    return parse(kind, raw, key)


def _named_tables(kind: type, raw: Any, key: str) -> dict[str, Any]:
    if not isinstance(raw, dict):
        raise BadProfile(f"{key}: expected a table, found {raw!r}")
    for name in raw:
        if kind is Isolation and name not in MODELLED:
            raise BadProfile(f"{key}.{name}: unknown isolation; {nearest(name, MODELLED)}")
    return {name: parse(kind, one, f"{key}.{name}") for name, one in raw.items()}


def _scalar(kind: type, raw: Any, key: str) -> Any:
    fits = isinstance(raw, (int, float) if kind is float else kind) and not isinstance(raw, bool)
    if not fits:
        raise BadProfile(f"{key}: expected {WORDS[kind]}, found {raw!r}")
    return kind(raw)


def write_profile(path: Path, profile: Profile) -> None:
    """Write `profile` to `path`, whole or not at all."""
    write_text(path, as_toml(profile))


def as_toml(profile: Profile) -> str:
    """The profile as TOML text: what `read_profile` reads back as the same value."""
    head = "# Parameters of the model. Keys carry their unit: _s seconds, _mib MiB, _ratio none."
    lines = [head, *_table("", profile)]
    return "\n".join(lines) + "\n"


def _table(key: str, thing: Any, brackets: str = "[{}]") -> Iterator[str]:
    """A dataclass under `key`: its plain fields, then one table for each that is nested."""
    plain, nested = [], []
    for field in fields(thing):
        value = getattr(thing, field.name)
        inner = value if isinstance(value, tuple) else (value,)
        if isinstance(value, Mapping) or (inner and is_dataclass(inner[0])):
            nested.append((_join(key, field.name), value))
        elif value is not None and value != field.default:
            plain.append(f"{field.name} = {_literal(value)}")
    if key:
        yield from ["", brackets.format(key), *plain]
    for name, value in nested:
        if isinstance(value, Mapping):
            for own, one in value.items():
                yield from _table(f"{name}.{own}", one)
        elif isinstance(value, tuple):
            for one in value:
                yield from _table(name, one, "[[{}]]")
        else:
            yield from _table(name, value)


def _literal(value: Any) -> str:
    """A value as TOML writes it. JSON's strings are TOML's basic strings."""
    if isinstance(value, tuple):
        return f"[{', '.join(map(_literal, value))}]"
    if isinstance(value, float):
        return repr(value)
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    return str(value)
