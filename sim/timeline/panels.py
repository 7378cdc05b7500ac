"""Starts as panels of an SVG picture: a line for each instance, a bar for each phase.

Places along the time axis are in percent, so that letters keep their size on a phone. The bars of a
panel lie in an `<svg>` of their own, in the panel's own scale; how wide that is, is what puts it on
the common scale. Nothing here knows a colour: pages bring them as variables. Standard library only,
since it is drawn in the browser, too.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from html import escape
from math import floor, log10
from statistics import median
from typing import NamedTuple

from sim.contract import MODELLED
from sim.traces import Slice
from sim.wording import Texts, label, seconds, time_unit

PANEL_PX, LANE_PX, THIN_PX = 130.0, 14.0, 0.6  # of a panel, of the highest lane, of the lowest
AXIS_PX = 20
FAR = "1000000000%"  # beyond the end of the common scale, in a scale that may be far smaller
SHADES = (1.0, 0.55, 0.8, 0.38)  # of the phases, one after the other
LEAST = 0.002  # of a panel: shorter neighbours are drawn as one
NAMED_BARS = 600  # a panel with more has no names at its bars
TICKS, LAST_TICK = 4, 0.93


class Bar(NamedTuple):
    """A phase of one start, or several short ones in a row."""

    name: str
    begin_s: float
    end_s: float
    shade: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """Instances of one isolation that start together; times count from the first request."""

    isolation: str
    accelerator: str
    source: str
    lanes: tuple[tuple[Slice, ...], ...]

    def name(self, words: Texts) -> str:
        """How it is called; emulation by its name."""
        return label(self.isolation, self.accelerator, words["emulation"])

    @property
    def ready_s(self) -> list[float]:
        """When each is ready, the earliest first."""
        return sorted(end_of(lane) for lane in self.lanes)


def end_of(lane: Sequence[Slice]) -> float:
    """When a start is over."""
    return max(one.begin_s + one.duration_s for one in lane)


def panels(slices: Iterable[Slice]) -> list[Panel]:
    """A panel for each group of the slices, from the least isolated to the most."""
    groups: dict[str, dict[str, list[Slice]]] = {}
    for one in slices:
        groups.setdefault(one.group, {}).setdefault(one.track, []).append(one)
    found = []
    for tracks in groups.values():
        first = next(iter(tracks.values()))[0]
        found.append(
            Panel(
                isolation=first.isolation,
                accelerator=first.accelerator,
                source=first.source,
                lanes=tuple(tuple(track) for track in tracks.values()),
            )
        )
    return sorted(found, key=lambda panel: MODELLED.index(panel.isolation))


def drawn(panel: Panel, common_s: float, words: Texts) -> str:
    """The panel as a `<figure>`; `common_s` is where the common scale ends."""
    ready = panel.ready_s
    own_s, n = ready[-1] or 1.0, len(ready)
    lane_px = max(THIN_PX, min(LANE_PX, PANEL_PX / n))
    height = lane_px * n
    return (
        f'<figure class="panel" data-end="{own_s!r}"'
        f' data-ready="{" ".join(map(repr, ready))}">'
        f'<figcaption><b class="name" style="--own:var(--{panel.isolation})">'
        f"{escape(panel.name(words))}</b>"
        f' <span class="state">{escape(state(ready, words))}</span>'
        f' <span class="source">{escape(words[panel.source])}</span></figcaption>'
        f'<svg class="plot" role="img" width="100%" height="{height + AXIS_PX:g}"'
        f' aria-label="{escape(alt(panel, words), quote=True)}">'
        f'<svg class="area" width="100%" height="{height:g}">'
        f'<svg class="bars" width="{percent(own_s / common_s)}" height="{height:g}"'
        f' overflow="visible" style="color:var(--{panel.isolation})" fill="currentColor">'
        f"{''.join(_lanes(panel, own_s, lane_px))}</svg>"
        f'<rect class="curtain" x="100%" width="100%" height="{height:g}"/>'
        f'<line class="now" x1="100%" x2="100%" y2="{height:g}"/></svg>'
        f"{_axis(common_s, height, 'common')}{_axis(own_s, height, 'alone')}</svg></figure>"
    )


def state(ready: Sequence[float], words: Texts) -> str:
    """The end of it in words: how many are ready, and when the last was."""
    if len(ready) == 1:
        return words["alone"].format(time=seconds(ready[0]))
    n = str(len(ready))
    done = words["state"].replace("{k}", n).replace("{n}", n)
    return f"{done}, {words['last'].format(time=seconds(ready[-1]))}"


def alt(panel: Panel, words: Texts) -> str:
    """What the picture shows."""
    ready = panel.ready_s
    return words["alt"].format(
        name=panel.name(words),
        source=words[panel.source],
        n=len(ready),
        first=seconds(ready[0]),
        middle=seconds(median(ready)),
        last=seconds(ready[-1]),
    )


def percent(share: float) -> str:
    """
    >>> percent(0.25), percent(1 / 3)
    ('25%', '33.333%')
    """
    return f"{100 * share:.3f}".rstrip("0").rstrip(".") + "%"


def _lanes(panel: Panel, own_s: float, lane_px: float) -> Iterator[str]:
    """The bars of every instance, and the pale line of one that has started."""
    gap = lane_px * 0.2 if lane_px >= 4 else 0.0
    height = f"{lane_px - gap:.4g}"
    lanes = [list(bars(lane, LEAST * own_s)) for lane in panel.lanes]
    named = sum(map(len, lanes)) <= NAMED_BARS
    for at, lane in enumerate(lanes):
        y = f"{at * lane_px:.6g}"
        ready_s = lane[-1].end_s
        yield (
            f'<rect x="{percent(ready_s / own_s)}" y="{y}" width="{FAR}" height="{height}"'
            ' fill-opacity=".13"/>'
        )
        for bar in lane:
            long_s = bar.end_s - bar.begin_s
            told = f"{at + 1}: {bar.name}, {seconds(long_s)}" if named else ""
            title = f"<title>{escape(told)}</title>" if told else ""
            shade = SHADES[bar.shade % len(SHADES)]
            yield (
                f'<rect x="{percent(bar.begin_s / own_s)}" y="{y}"'
                f' width="{percent(long_s / own_s)}" height="{height}"'
                + (f' fill-opacity="{shade:g}"' if shade < 1 else "")
                + (f">{title}</rect>" if title else "/>")
            )


def bars(lane: Sequence[Slice], least_s: float) -> Iterator[Bar]:
    """The phases of one start; neighbours shorter than `least_s` as one, until that is reached."""
    short: list[Slice] = []
    shade = 0
    for one in lane:
        short.append(one)
        if one.begin_s + one.duration_s - short[0].begin_s >= least_s:
            yield _bar(short, shade)
            short = []
            shade += 1
    if short:
        yield _bar(short, shade)


def _bar(slices: Sequence[Slice], shade: int) -> Bar:
    names = ", ".join(one.name for one in slices)
    last = slices[-1]
    return Bar(names, slices[0].begin_s, last.begin_s + last.duration_s, shade)


def _axis(end_s: float, top: float, name: str) -> str:
    """Time below the lines: zero, and a few round numbers."""
    scale, unit = time_unit(end_s)
    told = [f'<text x="0" y="{top + 14:g}">0</text>']
    for at_s in ticks(end_s):
        x, text = percent(at_s / end_s), f"{_round(at_s * scale)} {unit}"
        told.append(f'<line x1="{x}" x2="{x}" y1="{top:g}" y2="{top + 4:g}"/>')
        told.append(f'<text x="{x}" y="{top + 14:g}" text-anchor="middle">{text}</text>')
    base = f'<line x1="0" x2="100%" y1="{top:g}" y2="{top:g}"/>'
    return f'<g class="axis {name}">{base}{"".join(told)}</g>'


def ticks(end_s: float) -> list[float]:
    """Round times after zero, at most five, none close to the end, where its text has no room.

    >>> ticks(10.5)
    [2.0, 4.0, 6.0, 8.0]
    >>> ticks(0.126)
    [0.05, 0.1]
    """
    step = 10.0 ** floor(log10(end_s / TICKS))
    step *= next(one for one in (1, 2, 5, 10) if one * step * (TICKS + 2) >= end_s)
    found = (round(at * step, 12) for at in range(1, 2 * TICKS + 2))
    return [at_s for at_s in found if at_s <= LAST_TICK * end_s]


def _round(value: float) -> str:
    """A tick's text: as many digits as it has.

    >>> _round(0.5), _round(20.0), _round(1000.0)
    ('0.5', '20', '1,000')
    """
    return f"{value:,.6g}"
