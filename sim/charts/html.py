"""A figure as SVG that a screen reader can read out: in a page, in a notebook, as a file."""

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
FILE_WIDTH = 800  # pixels: what a page on a code host leaves for a picture


def as_svg(figure: Figure, alt: str) -> str:
    """`figure` as one `<svg role="img" aria-label=...>` element to be put into a page.

    `alt` says in words what the picture shows; it must not be empty. Identifiers get a prefix that
    belongs to the figure, since a page holds several. Same figure and text: same bytes.
    """
    return _named(_sized(_coloured(_prefixed(_drawn(figure, alt), alt))), alt)


def as_cell(figure: Figure, alt: str) -> str:
    """The same for the output of a cell: on light ground, as wide as a page of a book."""
    svg = _named(_sized(_prefixed(_drawn(figure, alt), alt)), alt)
    return f'<div style="max-width:46em;background:{PAPER};color:{INK}">{svg}</div>'


def as_file(figure: Figure, alt: str) -> str:
    """`figure` as an SVG file of its own, on light ground whatever is around it."""
    figure.set_facecolor(PAPER)
    return _named(_sized(_drawn(figure, alt), f' width="{FILE_WIDTH}"'), alt)


def _drawn(figure: Figure, alt: str) -> str:
    if not alt.strip():
        raise ValueError("alt must say what the chart shows, got an empty text")
    buffer = io.StringIO()
    with styled(getattr(figure, "language", None)), mpl.rc_context({"svg.hashsalt": "one"}):
        figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None})
    svg = buffer.getvalue()
    svg = svg[svg.index("<svg") :]
    return re.sub(r"<metadata>.*?</metadata>", "", svg, flags=re.DOTALL)


def _named(svg: str, alt: str) -> str:
    return svg.replace("<svg ", f'<svg role="img" aria-label="{escape(alt, quote=True)}" ', 1)


def _prefixed(svg: str, alt: str) -> str:
    prefix = "f" + hashlib.sha256(alt.encode()).hexdigest()[:8]
    svg = re.sub(r'\bid="', f'id="{prefix}-', svg)
    svg = re.sub(r'href="#', f'href="#{prefix}-', svg)
    return svg.replace("url(#", f"url(#{prefix}-")


def _coloured(svg: str) -> str:
    for colour, name in VARIABLES.items():
        svg = re.sub(rf": {colour}\b", f": var({name}, {colour})", svg, flags=re.IGNORECASE)
    return svg


def _sized(svg: str, width: str = "") -> str:
    """As wide as the page allows, or as said: the viewBox keeps the proportions."""
    head, rest = svg.split(">", 1)
    head = re.sub(r'\s(width|height)="[^"]*"', "", head)
    return f"{head}{width}>{rest}"
