"""A timeline as a part of a page, as a page of its own, and as a frame in a notebook."""

from collections.abc import Sequence
from html import escape
from importlib.resources import files
from math import log10
from typing import Any

from sim.colours import variables
from sim.language import spoken as charts_are_in
from sim.timeline.panels import LANE_PX, PANEL_PX, Panel, drawn, panels
from sim.timeline.tables import tables
from sim.timeline.words import WORDS
from sim.traces import of_frame
from sim.wording import Texts, spoken

SLOWER = (0.01, 0.1, 1.0, 10.0, 100.0, 1000.0)  # seconds of watching for each that passed
WATCHED_S = 10.0  # how long it takes to watch a timeline, about
HEAD_PX, EACH_PX = 250, 66  # of a frame: what stands around the panels, and around each line


class Timeline(str):
    """An HTML page; a notebook shows it in a frame, where its style and script stay by themselves.

    `str(timeline)` is the page: write it to a file, and it opens by double click.
    """

    __slots__ = ("height_px",)
    height_px: int

    def _repr_html_(self) -> str:
        return frame(self, self.height_px)

    def __repr__(self) -> str:
        return f"<timeline, an HTML page of {len(self)} characters>"


def timeline(starts: Any, *, title: str = "", language: str = "") -> Timeline:
    """Many starts on one clock, to be played, stopped and moved through.

    `starts`: a pandas frame with the columns of startup.csv or storm.csv (data/README.md), or
    slices of `sim.traces`, times in seconds. Each storm, and all starts of an isolation that were
    made one by one, become a panel; choose rows before. Without scripts the page shows the picture
    at the end of it. `language`: one of `words.WORDS`, else SimError; "" is the language that
    charts are in now.
    """
    language = language or charts_are_in()
    slices = of_frame(starts) if hasattr(starts, "itertuples") else starts
    found, words = panels(slices), spoken(WORDS, language)
    body = part(found, words, title)
    name = escape(title or words["title"])
    page = Timeline(
        f'<!doctype html>\n<html lang="{language}">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n'
        f'<link rel="icon" href="data:,">\n<title>{name}</title>\n'
        f"<style>\n{variables()}\n{text('base.css')}{text('timeline.css')}</style>\n</head>\n"
        f"<body>\n<main>\n{body}\n</main>\n<script>\n{text('timeline.js')}"
        "document.querySelectorAll('.timeline').forEach(timelinePlayer);\n</script>\n"
        "</body>\n</html>\n"
    )
    page.height_px = HEAD_PX + sum(map(_height_px, found))
    return page


def _height_px(panel: Panel) -> int:
    return round(min(PANEL_PX, LANE_PX * len(panel.lanes))) + EACH_PX


def frame(page: str, height_px: int) -> str:
    """The page in an `<iframe srcdoc>`, for notebooks and what they are exported to."""
    style = "width:100%;border:0;color-scheme:light dark"
    return (
        f'<iframe srcdoc="{escape(page, quote=True)}" height="{height_px}" style="{style}"'
        f' title="{escape(_title(page), quote=True)}"></iframe>'
    )


def _title(page: str) -> str:
    return page.partition("<title>")[2].partition("</title>")[0]


def text(name: str) -> str:
    """A file of this folder, to be put into a page: style or script."""
    return (files("sim.timeline") / name).read_text(encoding="utf-8")


def part(found: Sequence[Panel], words: Texts, title: str = "") -> str:
    """Controls, panels and tables, for a page that brings colours, style and script."""
    heading = f"<h2>{escape(title or words['title'])}</h2>"
    if not found:
        return f'<div class="timeline">{heading}<p>{escape(words["nothing"])}</p></div>'
    common_s = max(panel.ready_s[-1] for panel in found) or 1.0
    shown = "".join(drawn(panel, common_s, words) for panel in found)
    return (
        f'<div class="timeline" data-end="{common_s!r}" data-play="{escape(words["play"])}"'
        f' data-pause="{escape(words["pause"])}" data-state="{escape(words["state"])}">'
        f"{heading}{_controls(common_s, words)}{shown}"
        f'<p class="about">{escape(words["about"])}</p>{tables(found, words)}</div>'
    )


def _controls(common_s: float, words: Texts) -> str:
    """What the player is worked with; hidden until there is a player."""
    chosen = min(SLOWER, key=lambda slower: abs(log10(common_s * slower / WATCHED_S)))
    speeds = "".join(
        f'<option value="{slower:g}"{" selected" * (slower == chosen)}>'
        f"{escape(_speed(slower, words))}</option>"
        for slower in SLOWER
    )
    return (
        f'<div class="controls" hidden><button type="button" class="play">{words["play"]}</button>'
        f'<label class="at">{words["time"]} <input type="range" min="0" max="1000" step="1"'
        f' value="1000"></label><output class="clock"></output>'
        f"<label>{words['speed']} <select>{speeds}</select></label>"
        f'<label><input type="checkbox" class="each"> {words["own"]}</label></div>'
    )


def _speed(slower: float, words: Texts) -> str:
    if slower == 1:
        return words["real"]
    return words["slower" if slower > 1 else "faster"].format(f"{max(slower, 1 / slower):g}")
