"""What the page asks of Python: one text in, one text out, both JSON. It runs in the browser.

Standard library and SimPy only.
"""

import json
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any

from sim.errors import SimError
from sim.experiments.what_if import Scenario, as_json, side_by_side
from sim.page.view import view
from sim.page.words import WORDS
from sim.profile_files import read_profile
from sim.profiles import Profile
from sim.wording import spoken

PROFILES = Path(__file__).parents[2] / "data" / "profiles"
FIELDS: dict[str, Callable[[Any], Any]] = {
    "n": int,
    "per_s": float,
    "busy_ratio": float,
    "cores": int,
    "memory_mib": float,
    "seed": int,
}


def answer(question: str) -> str:
    """`numbers`, as `sim what-if --json` prints them, and `html`, the parts of the page.

    `question`: profile, isolation (a list), language, and the fields of a Scenario. What cannot be
    is answered with one line, `error`.
    """
    asked = json.loads(question)
    try:
        return json.dumps(_answered(asked), ensure_ascii=False)
    except SimError as why:
        return json.dumps({"error": str(why)}, ensure_ascii=False)


def _answered(asked: dict[str, Any]) -> dict[str, Any]:
    profile = profile_of(asked["profile"])
    words = spoken(WORDS, asked["language"])
    given = {name: value for name in FIELDS if (value := asked[name]) is not None}
    try:
        scenario = Scenario(**{name: FIELDS[name](value) for name, value in given.items()})
    except (TypeError, ValueError) as why:
        raise SimError(str(why)) from why
    if not asked["isolation"]:
        raise SimError(words["choose"])
    found = side_by_side(profile, asked["isolation"], scenario)
    return {
        "numbers": as_json(profile, scenario, found),
        "html": view(scenario.on(profile), scenario, found, asked["language"]),
    }


@lru_cache
def profile_of(name: str) -> Profile:
    """The profile of this name that comes with the project."""
    return read_profile(PROFILES / f"{name}.toml")
