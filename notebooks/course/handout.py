"""The cards of all lessons as one page of HTML, to be printed on A4 and filled in by hand."""

from __future__ import annotations

from html import escape
from pathlib import Path

from course.cards import problem
from course.cells import Cell, Notebook, lessons, names, number_of, read, tagged
from course.language import say, speak

STYLE = """
@page { size: A4; margin: 14mm; }
body { font: 10.5pt/1.4 "Noto Sans", "Noto Sans CJK KR", "Noto Sans KR", sans-serif; color: #111;
       max-width: 182mm; margin: 8mm auto; background: #fff; }
@media print { body { margin: 0; max-width: none; } }
h1 { font-size: 16pt; margin: 0 0 2mm; }
h2, h3 { font-size: 12.5pt; margin: 0 0 2mm; }
section { break-inside: avoid; border: 1.2pt solid #111; border-radius: 2mm;
          padding: 4mm 5mm; margin: 0 0 6mm; }
section > small { float: right; color: #444; }
pre { font: 9pt/1.35 "Noto Sans Mono", "DejaVu Sans Mono", monospace; background: #f2f2f2;
      padding: 2mm 3mm; margin: 2mm 0; white-space: pre-wrap; overflow-wrap: anywhere; }
blockquote { margin: 2mm 0; padding-left: 3mm; border-left: 1.2mm solid #999; }
.write { border-bottom: .6pt solid #777; height: 8mm; }
p { margin: 1.5mm 0; }
.name { display: inline-block; width: 70mm; }
table { border-collapse: collapse; } td, th { border: .4pt solid #777; padding: .5mm 2mm; }
"""


def page(language: str, seed: str) -> str:
    """All cards of one edition, in order of the lessons, with the numbers of `seed`."""
    speak(language)
    cards = [
        _card(notebook, name, number_of(path), seed)
        for path in lessons(language)
        for notebook in [read(path)]
        for name in names(notebook, "card")
    ]
    title = escape(say("What many believe: cards to write on"))
    how = escape(
        say(
            "Write your prediction first, then try it, then solve the problem (seed {seed}).",
            seed=seed,
        )
    )
    name = escape(say("Name"))
    return (
        f'<!doctype html>\n<html lang="{language}"><head><meta charset="utf-8">'
        f"<title>{title}</title><style>{STYLE}</style></head>\n<body><h1>{title}</h1><p>{how}</p>"
        f'<p>{name}: <span class="write name"></span></p>\n'
        + "\n".join(cards)
        + "\n</body></html>\n"
    )


def _card(notebook: Notebook, name: str, lesson: int, seed: str) -> str:
    """One card: what its cells say, a line to write on after the prediction, and its problem."""
    where = escape(say("lesson {number}", number=lesson))
    first, *rest = [_shown(cell) for cell in tagged(notebook, f"card-{name}")]
    question = problem(name, seed).text().split("\n", 2)[2]
    line = '<div class="write"></div>'
    return (
        f"<section><small>{where}</small>\n{first}\n{line}{line}\n{''.join(rest)}\n"
        f"<pre>{escape(question)}</pre>\n{line}</section>"
    )


def _shown(cell: Cell) -> str:
    from nbconvert.filters import markdown2html

    if cell["cell_type"] == "code":
        return f"<pre>{escape(cell['source'])}</pre>"
    return str(markdown2html(cell["source"]))


def write_page(path: Path, language: str, seed: str) -> None:
    """Write the page."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(page(language, seed), "utf-8")
