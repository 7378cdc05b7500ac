"""Sliders over a function that draws, with a picture there from the start."""

import inspect
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from typing import Any

from sim.charts.words import say
from sim.errors import SimError

Range = tuple[float, ...] | list[Any]


def explore(function: Callable[..., Any], **ranges: Range) -> None:
    """Show `function()` with its defaults, and below it sliders that show it anew.

    `ranges`: for an argument a pair (least, most), with the step as a third number, or a list of
    choices. The defaults are those of the function, which must have one for each. The picture is an
    output of its own: it is there in exported HTML and where ipywidgets is not installed.

    Raises SimError for a range that the function has no argument for, or a default outside of it.
    """
    from IPython.display import display

    values = defaults(function, ranges)
    shown = display(function(**values), display_id=True)
    if find_spec("ipywidgets") is None:
        print(say("explore.without", values=", ".join(f"{k} = {v}" for k, v in values.items())))
        return
    controls = {name: _control(name, ranges[name], values[name]) for name in ranges}

    def draw(_: object) -> None:
        shown.update(function(**{name: one.value for name, one in controls.items()}))

    for one in controls.values():
        one.observe(draw, names="value")
    from ipywidgets import VBox

    display(VBox(list(controls.values())))


def defaults(function: Callable[..., Any], ranges: dict[str, Range]) -> dict[str, Any]:
    """The default of every argument that has a range."""
    asked, found = inspect.signature(function).parameters, {}
    for name, allowed in ranges.items():
        default = asked[name].default if name in asked else inspect.Parameter.empty
        if default is inspect.Parameter.empty:
            raise SimError(f"explore: {name!r} must be an argument of the function with a default")
        inside = default in allowed if isinstance(allowed, list) else _within(allowed, default)
        if not inside:
            raise SimError(f"explore: the default {name} = {default!r} is not in {allowed!r}")
        found[name] = default
    return found


def _within(allowed: Sequence[float], value: Any) -> bool:
    if len(allowed) not in (2, 3):
        raise SimError(f"explore: expected (least, most) or (least, most, step), got {allowed!r}")
    return isinstance(value, int | float) and allowed[0] <= value <= allowed[1]


def _control(name: str, allowed: Range, value: Any) -> Any:
    """A slider for a range, a list to pick from for choices."""
    import ipywidgets

    if isinstance(allowed, list):
        return ipywidgets.Dropdown(options=allowed, value=value, description=name)
    least, most, *step = allowed
    whole = all(isinstance(one, int) for one in (*allowed, value))
    slider = ipywidgets.IntSlider if whole else ipywidgets.FloatSlider
    given = {"step": step[0]} if step else {} if whole else {"step": (most - least) / 100}
    # Drawing takes longer than the hand: only where it is let go of.
    look = {"description": name, "continuous_update": False, "style": {"description_width": "auto"}}
    return slider(min=least, max=most, value=value, **given, **look)
