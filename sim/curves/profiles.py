"""Profiles of published curves on disk: one TOML file a source, every parameter with its origin."""

import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from sim.curves.laws import LAWS
from sim.errors import BadProfile, nearest
from sim.files import read_toml, write_text

KEYS = ("name", "law", "resource", "caution", "fitted_on", "largest_fitted", "error_ratio")


class Parameter(NamedTuple):
    """A number and who says so: published (which row), fitted (to which), or assumed (why)."""

    value: float
    source: str


class Subject(NamedTuple):
    """What a law was fitted to."""

    name: str  # as `sim.curves.rows.asked` gives it
    law: str
    resource: str  # what it queues for
    caution: str  # what the small part of the curve cannot tell; empty: nothing
    fitted_on: str
    largest_fitted: float
    error_ratio: float  # of points that were left out of a trial fit, the median; NaN: no trial
    parameters: dict[str, Parameter]

    def numbers(self) -> dict[str, float]:
        """The parameters without their sources."""
        return {name: one.value for name, one in self.parameters.items()}


def as_toml(command: str, subjects: Sequence[Subject]) -> str:
    """All subjects of one source as TOML text."""
    lines = ["# Laws fitted to the small part of published curves. Keys carry their unit."]
    lines += ["", "[provenance]", f"command = {_literal(command)}"]
    for subject in subjects:
        lines += ["", "[[subject]]"]
        lines += [f"{key} = {_literal(getattr(subject, key))}" for key in KEYS]
        for name, (value, source) in subject.parameters.items():
            pair = f"{{ value = {_literal(value)}, source = {_literal(source)} }}"
            lines.append(f"parameter.{_literal(name)} = {pair}")
    return "\n".join(lines) + "\n"


def _literal(value: Any) -> str:
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    return "nan" if math.isnan(value) else repr(float(f"{value:.6g}"))


def write_subjects(path: Path, command: str, subjects: Sequence[Subject]) -> None:
    """Write one profile whole or not at all."""
    write_text(path, as_toml(command, subjects))


def read_subjects(path: Path) -> list[Subject]:
    """The subjects of one profile; raises BadProfile with file, key and what was expected."""
    raw = read_toml(path, BadProfile, "`sim calibrate --curves` makes one")
    for key in raw:
        if key not in ("provenance", "subject"):
            hint = nearest(key, ("provenance", "subject"))
            raise BadProfile(f"{path}: {key}: unknown key; {hint}")
    subjects = raw.get("subject")
    if not isinstance(subjects, list) or not subjects:
        raise BadProfile(f"{path}: subject: expected a list of tables, found {subjects!r}")
    return [_subject(f"{path}: subject[{at}]", one) for at, one in enumerate(subjects)]


def _subject(where: str, raw: Any) -> Subject:
    if not isinstance(raw, dict):
        raise BadProfile(f"{where}: expected a table, found {raw!r}")
    for key in raw:
        if key not in (*KEYS, "parameter"):
            raise BadProfile(f"{where}.{key}: unknown key; {nearest(key, (*KEYS, 'parameter'))}")
    values: dict[str, Any] = {}
    for key in KEYS:
        kind = (float, int) if key in ("largest_fitted", "error_ratio") else str
        values[key] = _checked(f"{where}.{key}", raw.get(key), kind)
    if values["law"] not in LAWS:
        hint = nearest(values["law"], LAWS)
        raise BadProfile(f"{where}.law: unknown law {values['law']!r}; {hint}")
    parameters = _checked(f"{where}.parameter", raw.get("parameter"), dict)
    found = {name: _parameter(f"{where}.parameter.{name}", p) for name, p in parameters.items()}
    return Subject(**values, parameters=found)


def _parameter(where: str, raw: Any) -> Parameter:
    pair = _checked(where, raw, dict)
    for key in pair:
        if key not in Parameter._fields:
            raise BadProfile(f"{where}.{key}: unknown key; {nearest(key, Parameter._fields)}")
    value = _checked(f"{where}.value", pair.get("value"), (float, int))
    if not math.isfinite(value):
        raise BadProfile(f"{where}.value: expected a finite number, found {value}")
    return Parameter(float(value), _checked(f"{where}.source", pair.get("source"), str))


def _checked(where: str, value: Any, kind: Any) -> Any:
    if not isinstance(value, kind) or isinstance(value, bool):
        words = {str: "a text", dict: "a table"}.get(kind, "a number")
        raise BadProfile(f"{where}: expected {words}, found {value!r}")
    return value
