"""A figure that knows what it shows, in words, and shows itself in a notebook."""

import io
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure

from sim.charts.html import as_cell, as_file
from sim.charts.style import PAPER, Look, styled
from sim.charts.words import wrap
from sim.errors import SimError
from sim.files import write_bytes
from sim.language import spoken

WIDTH_IN = 6.8  # narrow: the letters stay readable on a phone
PIXELS = 1200  # across, of a PNG
LETTERS = 74  # of a headline that fit into a line


class Picture(Figure):
    """A matplotlib figure with `alt`, what it shows in words, and the language it is drawn in."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.alt, self.language = "", spoken()

    def _repr_html_(self) -> str:
        """For Jupyter, and for what is exported from it: inline SVG with the words in it."""
        return as_cell(self, self.alt)


def new_figure(height_in: float) -> Picture:
    """An empty figure of the project's width; call it inside `sim.charts.style.styled()`."""
    return Picture(figsize=(WIDTH_IN, height_in))


def headline(picture: Picture, text: str) -> None:
    """What the picture is about, above all of it, in as many lines as that takes."""
    said = "\n".join(wrap(text, LETTERS))
    picture.suptitle(said, x=0.01, ha="left", weight="bold", fontsize=11.5)


def save(picture: Picture, path: Path, pixels: int = PIXELS) -> None:
    """Write a picture as .svg or .png, `pixels` across, with its words; whole or not at all.

    Raises SimError for any other ending.
    """
    if path.suffix == ".svg":
        write_bytes(path, as_file(picture, picture.alt).encode())
    elif path.suffix == ".png":
        write_bytes(path, as_png(picture, pixels))
    else:
        raise SimError(f"{path}: a chart is a file whose name ends in .svg or .png")


def as_png(picture: Picture, pixels: int) -> bytes:
    """The picture as PNG; its words are the `Description` inside."""
    buffer = io.BytesIO()
    with styled(picture.language):
        look: Look = {"dpi": pixels / picture.get_figwidth(), "facecolor": PAPER}
        picture.savefig(buffer, format="png", metadata={"Description": picture.alt}, **look)
    return buffer.getvalue()
