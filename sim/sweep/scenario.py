"""What a sweep is about: a TOML file, read with every key and value checked.

based_on = "other.toml"        # optional: what is not said here is as there
profile = "recorded.toml"      # paths are relative to the file that they stand in
experiment = "storm"
seed = 1
[grid]                         # every combination is a point; a value alone is a list of one
isolation = ["process", "qemu"]
n = [1, 8, 32]
"host.cores" = [2, 8]          # any parameter of the profile, see `sim.overrides`
[scale]                        # the same, but factors
"isolation.qemu.stage.kernel.cpu_s" = [0.5, 1.0]
[replications]
least = 8
most = 200
quantity = "makespan_s"        # a point ends when the 95 % interval of its mean is this narrow:
half_width_ratio = 0.02
"""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path
from typing import Any

from sim.errors import BadProfile, BadScenario, nearest, nearest_key
from sim.files import read_toml
from sim.overrides import changed, put, times
from sim.profile_files import as_toml, read_profile
from sim.profiles import Profile
from sim.sweep.experiments import NAMES, STORM, quantities

KEYS = ("based_on", "profile", "experiment", "seed", "grid", "scale", "replications")
REPLICATIONS: dict[str, Any] = {
    "least": 8,
    "most": 200,
    "quantity": "",
    "half_width_ratio": 0.02,
}
OWN_AXES = ("isolation", "n")
MOST_POINTS = 100_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """One combination of the grid: what to run, and what the columns of its rows say."""

    number: int
    isolation: str
    n: int
    profile: Profile = field(repr=False)
    columns: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """A sweep that can be run."""

    path: Path
    profile: Profile = field(repr=False)
    experiment: str
    seed: int
    grid: Mapping[str, list[Any]]
    scale: Mapping[str, list[Any]]
    quantities: tuple[str, ...]  # the names of all numbers of a replication
    least: int
    most: int
    quantity: str
    half_width_ratio: float

    def axes(self) -> dict[str, list[Any]]:
        """Every axis with its values; those of `scale` have a `*` behind their name."""
        return {**self.grid, **{f"{name} *": values for name, values in self.scale.items()}}

    def points(self) -> Iterator[Point]:
        """Every combination, the last axis of the file fastest."""
        axes = self.axes()
        for number, values in enumerate(product(*axes.values())):
            columns = dict(zip(axes, values, strict=True))
            profile = self.profile
            for name, value in columns.items():
                if name not in OWN_AXES:
                    change = times(value) if name.endswith(" *") else put(value)
                    profile = changed(profile, name.removesuffix(" *"), change)
            yield Point(
                number=number,
                isolation=columns["isolation"],
                n=columns.get("n", 1),
                profile=profile,
                columns=columns,
            )

    def digest(self) -> str:
        """What tells this sweep from every other: same digest, same results."""
        told = [self.experiment, self.seed, self.grid, self.scale, self.least, self.most]
        told += [self.quantity, self.half_width_ratio, as_toml(self.profile)]
        return hashlib.sha256(json.dumps(told).encode()).hexdigest()


def read_scenario(path: Path) -> Scenario:
    """The scenario in `path`; raises BadScenario with file, key and what was expected."""
    raw = _merged(path, ())
    for key in ("profile", "experiment"):
        if key not in raw:
            raise BadScenario(f"{path}: {key}: key is missing")
    try:
        profile = read_profile(Path(raw["profile"]))
    except BadProfile as why:
        raise BadScenario(f"{path}: profile: {why}") from why
    experiment = _text(path, "experiment", raw["experiment"])
    if experiment not in NAMES:
        expected = nearest(experiment, NAMES)
        raise BadScenario(f"{path}: experiment: unknown {experiment!r}; {expected}")
    grid = _axes(path, "grid", raw.get("grid", {}))
    if experiment != STORM and "n" in grid:
        raise BadScenario(f"{path}: grid.n: {experiment} takes no n, only a storm does")
    sizes = {"n": [1]} if experiment == STORM else {}
    grid = {"isolation": list(profile.isolation), **sizes, **grid}
    _check_own(path, profile, grid)
    names = quantities(experiment, profile, grid["isolation"][0])
    found = Scenario(
        path=path,
        profile=profile,
        experiment=experiment,
        seed=_whole(path, "seed", raw.get("seed", 0), 0),
        grid=grid,
        scale=_axes(path, "scale", raw.get("scale", {})),
        quantities=names,
        **_replications(path, names, raw.get("replications", {})),
    )
    _check(found)
    return found


def _merged(path: Path, above: tuple[Path, ...]) -> dict[str, Any]:
    """The file's keys over those of the file that it is based on."""
    here = path.resolve()
    if here in above:
        circle = " -> ".join(one.name for one in (*above[above.index(here) :], here))
        raise BadScenario(f"{path}: based_on: a scenario cannot be based on itself: {circle}")
    asked_by = f", which {above[-1].name} is based on" if above else ""
    raw = read_toml(path, BadScenario, f"expected a scenario{asked_by}")
    for key in raw:
        if key not in KEYS:
            raise BadScenario(f"{path}: {key}: unknown key; {nearest_key(key, KEYS)}")
    if "profile" in raw:
        raw["profile"] = str(path.parent / _text(path, "profile", raw["profile"]))
    if "based_on" not in raw:
        return raw
    base = _merged(path.parent / _text(path, "based_on", raw.pop("based_on")), (*above, here))
    both = [key for key in ("grid", "scale", "replications") if key in raw and key in base]
    return {**base, **raw, **{key: {**base[key], **raw[key]} for key in both}}


def _text(path: Path, key: str, value: Any) -> str:
    if not isinstance(value, str) or not value:
        raise BadScenario(f"{path}: {key}: expected a text, found {value!r}")
    return value


def _whole(path: Path, key: str, value: Any, least: int) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < least:
        raise BadScenario(f"{path}: {key}: expected a whole number >= {least}, found {value!r}")
    return value


def _axes(path: Path, key: str, raw: Any) -> dict[str, list[Any]]:
    if not isinstance(raw, dict):
        raise BadScenario(f"{path}: {key}: expected a table, found {raw!r}")
    axes = {name: value if isinstance(value, list) else [value] for name, value in raw.items()}
    for name, values in axes.items():
        if not values:
            raise BadScenario(f"{path}: {key}.{name}: expected at least one value")
        if "." not in name and (key == "scale" or name not in OWN_AXES):
            also = (*OWN_AXES, "host.cores") if key == "grid" else ("host.cores",)
            raise BadScenario(f"{path}: {key}.{name}: unknown axis; {nearest(name, also)}")
        factors = [one for one in values if isinstance(one, int | float) and one > 0]
        if key == "scale" and len(factors) < len(values):
            raise BadScenario(f"{path}: scale.{name}: expected factors > 0, found {values!r}")
    return axes


def _replications(path: Path, names: tuple[str, ...], raw: Any) -> dict[str, Any]:
    if not isinstance(raw, dict):
        raise BadScenario(f"{path}: replications: expected a table, found {raw!r}")
    for key in raw:
        if key not in REPLICATIONS:
            expected = nearest_key(key, REPLICATIONS)
            raise BadScenario(f"{path}: replications.{key}: unknown key; {expected}")
    found = {**REPLICATIONS, **raw}
    found["quantity"] = found["quantity"] or names[0]
    if found["quantity"] not in names:
        expected = nearest_key(str(found["quantity"]), names)
        raise BadScenario(f"{path}: replications.quantity: unknown name; {expected}")
    _whole(path, "replications.least", found["least"], 2)
    _whole(path, "replications.most", found["most"], found["least"])
    ratio = found["half_width_ratio"]
    if isinstance(ratio, bool) or not isinstance(ratio, int | float) or not 0 < ratio < 1:
        expected = "expected a number between 0 and 1"
        raise BadScenario(f"{path}: replications.half_width_ratio: {expected}, found {ratio!r}")
    return found


def _check_own(path: Path, profile: Profile, grid: Mapping[str, list[Any]]) -> None:
    """The axes that are not parameters of the profile."""
    for name in grid["isolation"]:
        if name not in profile.isolation:
            expected = nearest(str(name), profile.isolation)
            raise BadScenario(f"{path}: grid.isolation: unknown isolation {name!r}; {expected}")
    for n in grid.get("n", ()):
        _whole(path, "grid.n", n, 1)


def _check(scenario: Scenario) -> None:
    """Every axis, value by value, before anything is run."""
    path, size = scenario.path, 1
    for key, axes in (("grid", scenario.grid), ("scale", scenario.scale)):
        for name, values in axes.items():
            size *= len(values)
            for value in values if name not in OWN_AXES else ():
                try:
                    changed(scenario.profile, name, times(value) if key == "scale" else put(value))
                except BadScenario as why:
                    raise BadScenario(f"{path}: {key}.{why}") from why
    if size > MOST_POINTS:
        raise BadScenario(f"{path}: grid: {size} points; expected at most {MOST_POINTS}")
