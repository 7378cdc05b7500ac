"""A figure as inline SVG that a screen reader can read out and that follows light and dark."""

import hashlib
import io
import re
from html import escape

import matplotlib as mpl
from matplotlib.figure import Figure

from sim.charts.style import COLOURS, GRID, INK, MUTED, PAPER, PLATE, styled

# Colours become variables of the page's style sheet; without one, they stay what they are.
VARIABLES = {
    INK: "--ink",
    MUTED: "--muted",
    GRID: "--grid",
    PAPER: "--paper",
    PLATE: "--plate",
    **{colour: f"--{isolation}" for isolation, colour in COLOURS.items()},
}


def as_svg(figure: Figure, alt: str) -> str:
    """`figure` as one `<svg role="img" aria-label=...>` element to be put into a page.

    `alt` says in words what the picture shows; it must not be empty. Identifiers get a prefix that
    belongs to the figure, since a page holds several. Same figure and text: same bytes.
    """
    if not alt.strip():
        raise ValueError("alt must say what the chart shows, got an empty text")
    buffer = io.StringIO()
    with styled(), mpl.rc_context({"svg.hashsalt": "one"}):
        figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None})
    svg = buffer.getvalue()
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg, flags=re.DOTALL)
    svg = _prefixed(svg, "f" + hashlib.sha256(alt.encode()).hexdigest()[:8])
    svg = _sized(_coloured(svg))
    return svg.replace("<svg ", f'<svg role="img" aria-label="{escape(alt, quote=True)}" ', 1)


def _prefixed(svg: str, prefix: str) -> str:
    svg = re.sub(r'\bid="', f'id="{prefix}-', svg)
    svg = re.sub(r'href="#', f'href="#{prefix}-', svg)
    return svg.replace("url(#", f"url(#{prefix}-")


def _coloured(svg: str) -> str:
    for colour, name in VARIABLES.items():
        svg = re.sub(rf": {colour}\b", f": var({name}, {colour})", svg, flags=re.IGNORECASE)
    return svg


def _sized(svg: str) -> str:
    """As wide as the page allows: the viewBox keeps the proportions."""
    head, rest = svg.split(">", 1)
    head = re.sub(r'\s(width|height)="[^"]*"', "", head)
    return f"{head}>{rest}"
