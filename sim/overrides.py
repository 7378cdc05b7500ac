"""A parameter of a profile by its path: `host.cores`, `isolation.qemu.stage.kernel.cpu_s`.

What has a name in a list (a stage, a layer) is called by it, memory by account and part:
`isolation.qemu.memory.pss total.each_mib`. Nothing is assigned: a changed profile is a new one.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields, is_dataclass, replace
from typing import Any

from sim.errors import BadScenario, nearest, nearest_key
from sim.profiles import Profile, Provenance

NAMES = ("name", "account", "part", "kind")
Change = Callable[[Any], Any]


def called(thing: Any) -> str:
    """How a member of a list is called in a path and to people."""
    return " ".join(str(getattr(thing, name)) for name in NAMES if hasattr(thing, name))


def changed(profile: Profile, path: str, change: Change) -> Profile:
    """The profile with one parameter changed: `change` makes the new value from the old one.

    Raises BadScenario, naming the key, what was expected there and the nearest valid name.
    """
    try:
        whole: Profile = _changed(profile, path.split("."), path, change)
    except ValueError as why:
        raise BadScenario(f"{path}: {why}") from why
    return whole


def put(value: Any) -> Change:
    """Put `value` in the place of the old one; a number where a distribution stands is constant."""

    def change(old: Any) -> Any:
        if isinstance(old, tuple):
            found = tuple(value) if isinstance(value, list) else (value,)
            return tuple(_number(one, float) for one in found)
        return _number(value, int) if type(old) is int else _like(old, value)

    return change


def times(factor: float) -> Change:
    """Multiply the old value, of a distribution every quantile; whole numbers are rounded."""

    def change(old: Any) -> Any:
        if isinstance(old, tuple):
            return tuple(one * factor for one in old)
        if isinstance(old, bool | str) or old is None:
            raise ValueError(f"expected a number to be multiplied, found {old!r}")
        return round(old * factor) if isinstance(old, int) else old * factor

    return change


def _number(value: Any, kind: type) -> Any:
    if isinstance(value, bool) or not isinstance(value, int if kind is int else int | float):
        what = "a whole number" if kind is int else "a number"
        raise ValueError(f"expected {what}, found {value!r}")
    return kind(value)


def _like(old: Any, value: Any) -> Any:
    if isinstance(old, str) or (old is None and isinstance(value, str)):
        if not isinstance(value, str):
            raise ValueError(f"expected a text, found {value!r}")
        return value
    return _number(value, float)


def _changed(thing: Any, keys: list[str], path: str, change: Change) -> Any:
    """Go down one key, and come back with a new value of what was found there."""
    if not keys:
        return _leaf(thing, path, change)
    key, rest = keys[0], keys[1:]
    if isinstance(thing, Mapping):
        _known(key, thing, path)
        return {**thing, key: _changed(thing[key], rest, path, change)}
    if isinstance(thing, tuple) and thing and is_dataclass(thing[0]):
        _known(key, [called(one) for one in thing], path)
        return tuple(
            _changed(one, rest, path, change) if called(one) == key else one for one in thing
        )
    if is_dataclass(thing) and not isinstance(thing, type):
        _known(key, [field.name for field in fields(thing)], path)
        new = _changed(getattr(thing, key), rest, path, change)
        return replace(thing, **{key: new})
    raise BadScenario(f"{path}: {'.'.join(keys)!r} leads nowhere, the key before it holds a value")


def _leaf(thing: Any, path: str, change: Change) -> Any:
    if is_dataclass(thing) or isinstance(thing, Mapping):
        inside = [field.name for field in fields(thing)] if is_dataclass(thing) else list(thing)
        raise BadScenario(f"{path}: expected a parameter, found all of it; {nearest('', inside)}")
    if isinstance(thing, tuple) and thing and is_dataclass(thing[0]):
        names = [called(one) for one in thing]
        raise BadScenario(f"{path}: expected one of a list; {nearest('', names)}")
    return change(thing)


def _known(key: str, names: Any, path: str) -> None:
    if key not in names:
        raise BadScenario(f"{path}: unknown name {key!r}; {nearest_key(key, names)}")


def numbers(thing: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Path and value of every parameter that is a number, or a distribution of numbers.

    What a profile is silent about (None) is left out, and so is where it is from.
    """
    if isinstance(thing, Mapping):
        for key, value in thing.items():
            yield from numbers(value, f"{path}{key}.")
    elif is_dataclass(thing) and not isinstance(thing, Provenance):
        for field in fields(thing):
            yield from numbers(getattr(thing, field.name), f"{path}{field.name}.")
    elif isinstance(thing, tuple) and thing and is_dataclass(thing[0]):
        for one in thing:
            yield from numbers(one, f"{path}{called(one)}.")
    elif isinstance(thing[0] if isinstance(thing, tuple) and thing else thing, int | float):
        yield path[:-1], thing
