"""The cards of all lessons as one page of HTML, to be printed on A4 and filled in by hand."""

from __future__ import annotations

from html import escape
from pathlib import Path

from course.cards import problem
from course.cells import Cell, Notebook, lessons, names, number_of, read, tagged
from course.language import say, speak

BLANK, NEXT, LINE = "\n\n", "\n(", "\n"
LONG = 12  # lines of a table, from which on it is set in two columns
SHORT = 8  # lines of code, up to which it is printed
STYLE = """
@page { size: A4; margin: 12mm; }
body { font: 9.5pt/1.35 "Noto Sans", "Noto Sans CJK KR", "Noto Sans KR", sans-serif; color: #111;
       max-width: 186mm; margin: 8mm auto; background: #fff; }
@media print { body { margin: 0; max-width: none; } }
h1 { font-size: 15pt; margin: 0 0 1mm; }
h2, h3 { font-size: 11.5pt; margin: 0 0 1.5mm; }
section { break-inside: avoid; border: 1pt solid #111; border-radius: 2mm;
          padding: 3mm 4mm; margin: 0 0 4mm; }
section > small { float: right; color: #444; margin-left: 4mm; }
section > .problem { border-top: .5pt solid #999; margin-top: 2mm; padding-top: 1mm; }
pre { font: 7.5pt/1.3 "Noto Sans Mono", "DejaVu Sans Mono", monospace; background: #f2f2f2;
      padding: 1.5mm 2.5mm; margin: 1.5mm 0; white-space: pre-wrap; overflow-wrap: anywhere; }
pre.long { columns: 2; }
blockquote { margin: 1.5mm 0; padding-left: 3mm; border-left: 1.2mm solid #999; }
ol, ul { margin: 1mm 0; }
p { margin: 1mm 0; }
table { border-collapse: collapse; } td, th { border: .4pt solid #777; padding: .5mm 2mm; }
.write { display: block; border-bottom: .6pt solid #777; height: 7mm; }
.name { display: inline-block; width: 70mm; }
.anchor-link { display: none; }
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
    """One card: the prediction, with lines to write it on, what to try, and the problem.

    What stands below the experiment would tell how it ends, and is not printed.
    """
    text, *rest = tagged(notebook, f"card-{name}")
    tried = next(cell for cell in rest if cell["cell_type"] == "code")
    shown = escape(tried["source"]) if tried["source"].count("\n") < SHORT else ""
    where = escape(say("lesson {number}", number=lesson))
    what = escape(say("Then try it: the cells below this text in lesson {number}.", number=lesson))
    question = problem(name, seed).text().split(BLANK)[1:]
    line = '<span class="write"></span>'
    return (
        f"<section><small>{where}</small>\n{_html(text)}\n{line}{line}\n<p>{what}</p>\n"
        f"{shown and f'<pre>{shown}</pre>'}\n"
        f'<div class="problem">{"".join(map(_block, question))}\n{line}</div></section>'
    )


def _block(text: str) -> str:
    """A paragraph of a question; what is set in columns stays so."""
    if "  " in text:
        kind = "long" if text.count("\n") >= LONG else "short"
        return f'<pre class="{kind}">{escape(text)}</pre>'
    return f"<p>{escape(text).replace(NEXT, '<br>(').replace(LINE, ' ')}</p>"


def _html(text: Cell) -> str:
    from nbconvert.filters import markdown2html

    return str(markdown2html(text["source"]))


def write_page(path: Path, language: str, seed: str) -> None:
    """Write the page."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(page(language, seed), "utf-8")
