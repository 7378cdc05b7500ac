"""`sim explain PROFILE`: every parameter of a profile, its value, and who says so."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

from sim.curves.profiles import read_subjects
from sim.errors import BadProfile
from sim.files import read_toml
from sim.overrides import NAMES, called
from sim.profile_files import read_profile
from sim.terminal import console, new_table

SILENT = "assumed: not in the profile, the model's default"
UNSAID = "no source is given"


class Parameter(NamedTuple):
    """One number or word of a profile."""

    name: str
    value: str
    source: str


def explain(path: Path) -> None:
    """Print all parameters with their sources, what was assumed, and how many of each."""
    found, assumed = listed(path)
    table = new_table(f"{path}", ("parameter", "value", "source"))
    defaults = Counter((one.name.rpartition(": ")[2], one.value) for one in found if _silent(one))
    for one in found:
        if not _silent(one):
            table.add_row(*one)
    for (name, value), count in sorted(defaults.items()):
        table.add_row(f"{name}, in {count} places", value, SILENT)
    out = console()
    out.print(table)
    for text in assumed:
        out.print(f"assumed: {text}", markup=False, highlight=False)
    counts = Counter(one.source.partition(":")[0] for one in found)
    told = ", ".join(f"{count} {kind}" for kind, count in counts.most_common())
    out.print(f"{len(found)} parameters: {told}", highlight=False)


def _silent(one: Parameter) -> bool:
    return one.source == SILENT


def listed(path: Path) -> tuple[list[Parameter], list[str]]:
    """The parameters of either kind of profile, and sentences about what was assumed.

    Raises BadProfile if it is neither.
    """
    if _of_curves(path):
        subjects = read_subjects(path)
        found = [
            Parameter(f"{one.name}: {name}", f"{value:.6g}", source)
            for one in subjects
            for name, (value, source) in one.parameters.items()
        ]
        cautions = dict.fromkeys(one.caution for one in subjects if one.caution)
        return found, list(cautions)
    profile = read_profile(path)
    found = list(_host(profile.host))
    for name, kind in profile.isolation.items():
        found += _parameters(f"{name}", kind, "")
    for name, image in profile.image.items():
        found += _parameters(f"image {name}", image, "")
    return found, list(profile.provenance.assumed)


def _of_curves(path: Path) -> bool:
    return "subject" in read_toml(path, BadProfile, "expected a profile")


def _host(host: Any) -> Iterator[Parameter]:
    yield from _parameters("host", host, "")


def _parameters(where: str, thing: Any, source: str) -> Iterator[Parameter]:
    """The fields of a dataclass and of those that it holds. The nearest source counts."""
    source = getattr(thing, "source", "") or source
    for field in fields(thing):
        value = getattr(thing, field.name)
        if field.name == "source" or field.name in NAMES:
            continue
        if isinstance(value, tuple) and value and is_dataclass(value[0]):
            for one in value:
                yield from _parameters(f"{where}, {called(one)}", one, source)
        elif value is not None and is_dataclass(value):
            yield from _parameters(f"{where}, {field.name}", value, source)
        elif value != () and value is not None:
            said = SILENT if value == field.default else source or UNSAID
            yield Parameter(f"{where}: {field.name}", shown(value), said)


def shown(value: Any) -> str:
    """A distribution as its median with its ends.

    >>> shown((0.1, 0.2, 0.4)), shown((0.0,)), shown(2)
    ('0.2 [0.1, 0.4]', '0', '2')
    """
    if not isinstance(value, tuple):
        return f"{value:.6g}" if isinstance(value, float) else str(value)
    if len(value) == 1:
        return f"{value[0]:.4g}"
    return f"{median(value):.4g} [{value[0]:.4g}, {value[-1]:.4g}]"
