"""The report as one self-contained page: inline style, inline SVG, no script, no request.

It is written in all languages of `sim.report.words`, side by side in one file; a pair of buttons,
worked by the style sheet, chooses which one is seen and printed.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from html import escape
from importlib.resources import files

import pandas as pd

from sim.colours import variables
from sim.contract import ISOLATIONS
from sim.profiles import Isolation
from sim.report.answer import answer, joined
from sim.report.evidence import Evidence
from sim.report.exhibit import Exhibit
from sim.report.exhibits import exhibits
from sim.report.predictions import HEADS as PREDICTION_HEADS
from sim.report.predictions import percent, predictions
from sim.report.results import HEADS, results
from sim.report.words import CAVEATS, FACTS, WORDS
from sim.wording import Texts

Say = Callable[[Texts], str]  # a text, out of one language's


def page(evidence: Evidence) -> str:
    """The whole HTML document."""
    style = (files("sim.report") / "page.css").read_text(encoding="utf-8")
    title = " / ".join(texts["title"] for texts in WORDS.values())
    body = "\n".join(
        [
            f"<header>{_languages()}{_said('kicker', 'p', 'kicker')}{_said('title', 'h1')}"
            f"{_said('question', 'p')}</header>",
            _section("answer", _word("answer"), _answer(evidence)),
            _section("results", _word("results"), _results(evidence)),
            *(_exhibit(one, evidence) for one in exhibits(evidence)),
            _section("predictions", _word("predictions"), _errors(evidence)),
            _section("machine", _word("machine"), _machine(evidence)),
            _section("method", _word("method"), _method(evidence)),
        ]
    )
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n'
        f'<link rel="icon" href="data:,">\n<title>{title}</title>\n'
        f"<style>\n{variables()}\n{style}</style>\n</head>\n<body>\n<main>\n{body}\n</main>\n"
        "</body>\n</html>\n"
    )


def _languages() -> str:
    """The buttons that choose a language; the first one is chosen at the beginning."""
    return (
        '<fieldset class="languages"><legend>Language / 언어</legend>'
        + "".join(
            f'<label lang="{name}"><input type="radio" name="language" value="{name}"'
            f"{' checked' * (not at)}> {escape(texts['language'])}</label>"
            for at, (name, texts) in enumerate(WORDS.items())
        )
        + "</fieldset>"
    )


def _both(say: Say, tag: str = "span", kind: str = "") -> str:
    """A text in every language, each in an element of its own; `say` gives plain text."""
    return _both_html(lambda words: _kept(say(words)), tag, kind)


def _both_html(say: Say, tag: str, kind: str = "") -> str:
    kinds = f"said {kind}".strip()
    return "".join(
        f'<{tag} class="{kinds}" lang="{name}">{say(texts)}</{tag}>'
        for name, texts in WORDS.items()
    )


def _word(key: str, /, **values: str) -> Say:
    """The text of that name, with its blanks filled in."""
    return lambda words: words[key].format(**values)


def _said(key: str, tag: str = "span", kind: str = "", /, **values: str) -> str:
    return _both(_word(key, **values), tag, kind)


def _kept(text: str) -> str:
    """Text for the page in which a number and its unit stay on one line."""
    return re.sub(r"(?<=\d) (?=ms\b|s\b|MiB\b|×)", "\N{NO-BREAK SPACE}", escape(text))


def _answer(evidence: Evidence) -> str:
    """The first sentence large: it is what is asked."""

    def told(words: Texts) -> str:
        first, *rest = answer(evidence, words)
        return f"<b>{_kept(first)}</b> {_kept(' '.join(rest))}"

    return _both_html(told, "p", "answer")


def _section(name: str, title: Say, inside: str) -> str:
    return f'<section id="{name}">\n<h2>{_both(title)}</h2>\n{inside}\n</section>'


def _exhibit(one: Exhibit, evidence: Evidence) -> str:
    """A chart with what to notice, whose rows it shows, and its tables behind a click."""
    if any(one.svg.values()):
        picture = "".join(
            f'<figure class="said" lang="{name}" tabindex="0">{svg}</figure>'
            for name, svg in one.svg.items()
        )
    else:
        picture = _said("no_data", "p", "missing")
    tables = "\n".join(_table(name, frame) for name, frame in one.tables.items() if len(frame))
    words = f"{_said(f'{one.about}_words', 'p')}\n{_marked(one.shows, evidence)}"
    title = _word(f"{one.about}_title", of=one.of)
    return _section(one.name, title, f"{words}{picture}\n{tables}")


def _table(name: str, frame: pd.DataFrame) -> str:
    """Rows behind a click."""
    title = _both(lambda words: words["table"].format(name=words[f"rows_{name}"]))
    told = WORDS["en"][f"rows_{name}"]
    return f"<details><summary>{title}</summary>\n{table_html(frame, told)}\n</details>"


def _marked(table: str, evidence: Evidence) -> str:
    """Which isolations a chart does not show as measured here; nothing if it shows all."""

    def told(words: Texts) -> str:
        named = ((source, evidence.named(table, source)) for source in ("recorded", "missing"))
        return " ".join(
            words[f"marked_{source}"].format(names=joined(names, words))
            for source, names in named
            if names
        )

    return _both(told, "p", "marked") + "\n" if told(WORDS["en"]) else ""


def table_html(frame: pd.DataFrame, name: str, heads: Sequence[str] = ()) -> str:
    """A frame as an HTML table that scrolls by itself where it is too wide.

    `heads`: names of its columns' titles in the words; without, they are called as the frame does.
    """
    numeric = [pd.api.types.is_numeric_dtype(frame[column]) for column in frame]
    titles = [_said(f"head_{head}") for head in heads] or [escape(str(one)) for one in frame]
    head = "".join(f'<th scope="col">{title}</th>' for title in titles)
    rows = "\n".join(
        "<tr>" + "".join(map(_cell, row, numeric)) + "</tr>"
        for row in frame.itertuples(index=False, name=None)
    )
    return (
        f'<div class="wide" tabindex="0" role="region" aria-label="{escape(name)}"><table>'
        f"<thead><tr>{head}</tr></thead>\n<tbody>\n{rows}\n</tbody></table></div>"
    )


def _cell(value: object, number: bool) -> str:
    text = f"{value:.6g}" if isinstance(value, float) else str(value)
    return f"<td{' class=number' if number else ''}>{escape('' if text == 'nan' else text)}</td>"


def _results(evidence: Evidence) -> str:
    """The table of results, and why rows are not measured."""
    table = table_html(pd.DataFrame(results(evidence)), "results", HEADS)
    reasons = "".join(
        f"<li><b>{escape(name)}</b>: {escape(evidence.source(name))}: "
        f"{escape(evidence.reason(name))}</li>"
        for name in ISOLATIONS
        if evidence.reason(name)
    )
    why = f"<h3>{_said('not_measured')}</h3><ul>{reasons}</ul>" if reasons else ""
    return table + _said("legend", "p", "legend") + why


def _errors(evidence: Evidence) -> str:
    errors = evidence.errors
    if errors.empty:
        return _said("no_errors", "p")
    brief = predictions(errors)
    if not brief:
        return _said("nothing_held_out", "p")
    columns = [c for c in errors if c not in ("source", "machine")]
    told = table_html(pd.DataFrame(brief), "predictions", PREDICTION_HEADS)
    return _said("errors", "p") + told + _table("every_point", errors[columns])


def _machine(evidence: Evidence) -> str:
    """The birth certificate of what was measured, and of what was recorded elsewhere."""
    used = any(status.source == "recorded" for status in evidence.statuses)
    here = _facts(evidence.tables.meta) if len(evidence.tables.meta) > 1 else ""
    if not any(status.source == "measured" for status in evidence.statuses):
        here = f"{_said('nothing_measured', 'p')}{here}"
    there = f"<h3>{_said('recorded_from')}</h3>{_facts(evidence.recorded_meta)}"
    return here + (there if used else "")


def _facts(meta: Mapping[str, object]) -> str:
    rows = "".join(
        f"<dt>{_said(f'fact_{key}')}</dt><dd>{escape(_plain(meta[key]))}</dd>"
        for key in FACTS
        if meta.get(key) not in (None, "", {})
    )
    return f"<dl>{rows}</dl>"


def _plain(value: object) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{key} {one}" for key, one in value.items())
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:g}" if isinstance(value, float) else str(value)


def _method(evidence: Evidence) -> str:
    says = [*(_word(f"caveat_{name}") for name in CAVEATS), *_assumptions(evidence)]
    return "<ul>" + "".join(f"<li>{_both(say)}</li>" for say in says) + "</ul>"


def _fitted(name: str, kind: Isolation) -> Say:
    """The one number that was fitted to storms, and what it stands for."""
    spun = [one for one in kind.stage if one.busy_wait_ratio]
    if spun:
        return _word("fitted_spinning", name=name, share=percent(spun[0].busy_wait_ratio))
    if kind.turns_ratio:
        return _word("fitted_turns", name=name, share=percent(kind.turns_ratio))
    if not kind.contention_ratio:
        return _word("fitted_nothing", name=name)
    return _word("fitted_contention", name=name, share=percent(kind.contention_ratio))


def _assumptions(evidence: Evidence) -> Iterator[Say]:
    """What the profile had to assume, and what the simulation left out."""
    if evidence.profile is None:
        yield _word("no_profile")
        return
    made = evidence.profile.provenance
    fitted = ", ".join(map(str, made.fitted_on))
    yield lambda words: words["profile_is"].format(
        machine=made.machine, when=made.recorded_utc, fitted=fitted or words["no_storms"]
    )
    yield from (_fitted(name, kind) for name, kind in evidence.profile.isolation.items())
    yield from (_word("assumed", text=text) for text in made.assumed)
    left_out = evidence.simulated.meta.get("left_out", [])
    yield from (_word("left_out", text=text) for text in left_out)
