"""The report as one self-contained page: inline style, inline SVG, no script, no request."""

import re
from collections.abc import Iterator, Mapping
from html import escape
from importlib.resources import files

import pandas as pd

from sim.contract import ISOLATIONS
from sim.profiles import Isolation
from sim.report.answer import answer, joined
from sim.report.evidence import Evidence
from sim.report.exhibits import Exhibit, exhibits
from sim.report.predictions import HEADER as PREDICTION_HEADER
from sim.report.predictions import percent, predictions
from sim.report.results import HEADER, LEGEND, results
from sim.wording import EMULATION

TITLE = "One image, every isolation"
QUESTION = (
    "People are told that a container is like a light virtual machine. The same image was run as a"
    " plain process, in a container, and in virtual machines with a kernel of their own."
    " What does each cost: time to start, memory, and many at once?"
)
MACHINE = (
    ("machine", "machine"),
    ("cpu_model", "processor"),
    ("cores", "cores"),
    ("memory_mib", "memory [MiB]"),
    ("kernel", "kernel"),
    ("hypervisor", "itself runs under"),
    ("cgroup", "cgroups"),
    ("rootless", "rootless"),
    ("cache", "page cache"),
    ("load_1min", "load before (1 min)"),
    ("recorded_utc", "measured at (UTC)"),
    ("command", "command"),
    ("versions", "versions"),
)
CAVEATS = f"""\
A start runs from the request to the first byte that the program prints; the first start after a \
build fills caches and is left out. Intervals are 95 % bootstrap intervals of the median.
Memory is the proportional set size (pss): a page shared by k processes counts 1/k for each, so \
sums add up. The engine's own process (helper) is there once, however many instances run: it is \
in the tables, but in no amount that is given for instances. Pss leaves out what the host's \
kernel keeps for an instance; the account cgroup has it. The other accounts (rss, uss, \
available) answer other questions.
No prediction is compared with the account available: it is the whole machine's, and whatever \
else the machine does moves it.
The model knows the stages of one start, memory, and storms of at most four; everything beyond \
is predicted. Its cores are shared evenly; serial stages wait for one spawner; neither disk nor \
page reclaim is modelled. A line beyond the last point is extrapolation.
A booting kernel spends part of its processor time spinning until the clock has moved on, to \
calibrate its delay loop and to try out its checksums. That does not queue: it is over at the \
same moment on a crowded host. The model takes a share of the stage `kernel` as such busy \
waiting, or lets busy cores hinder each other (contention), whichever explains the storms of at \
most four better; these few points cannot tell both apart. What the spinning takes from others \
that work meanwhile is not modelled: it holds while guests boot side by side.
qemu ({EMULATION}) translates every instruction of the guest. It says what a machine without \
hardware virtualisation can do, and nothing about one that has it.
""".splitlines()


def page(evidence: Evidence) -> str:
    """The whole HTML document."""
    style = (files("sim.report") / "page.css").read_text(encoding="utf-8")
    shown = exhibits(evidence)
    body = "\n".join(
        [
            f"<header><p class=kicker>report</p><h1>{TITLE}</h1><p>{QUESTION}</p></header>",
            _section("answer", "The answer", _answer(evidence)),
            _section("results", "Results", _results(evidence)),
            *(_exhibit(one, evidence) for one in shown),
            _section("predictions", "How good are the predictions?", _errors(evidence)),
            _section("machine", "The machine", _machine(evidence)),
            _section("method", "Method and caveats", _method(evidence)),
        ]
    )
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n'
        f'<link rel="icon" href="data:,">\n<title>{TITLE}</title>\n'
        f"<style>\n{style}</style>\n</head>\n<body>\n<main>\n{body}\n</main>\n</body>\n</html>\n"
    )


def _answer(evidence: Evidence) -> str:
    """The first sentence large: it is what is asked."""
    first, *rest = answer(evidence)
    return f"<p class=answer><b>{_kept(first)}</b> {_kept(' '.join(rest))}</p>"


def _kept(text: str) -> str:
    """Text for the page in which a number and its unit stay on one line."""
    return re.sub(r"(?<=\d) (?=ms\b|s\b|MiB\b|×)", "\N{NO-BREAK SPACE}", escape(text))


def _section(name: str, title: str, inside: str) -> str:
    return f'<section id="{name}">\n<h2>{escape(title)}</h2>\n{inside}\n</section>'


def _exhibit(one: Exhibit, evidence: Evidence) -> str:
    """A chart with what to notice, whose rows it shows, and its tables behind a click."""
    picture = (
        f"<figure tabindex=0>{one.svg}</figure>"
        if one.svg
        else "<p class=missing>No data to draw.</p>"
    )
    tables = "\n".join(
        f"<details><summary>Table: {escape(name)}</summary>\n{table_html(frame)}\n</details>"
        for name, frame in one.tables.items()
        if len(frame)
    )
    words = f"<p>{escape(one.words)}</p>\n{_marked(one.shows, evidence)}"
    return _section(one.name, one.title, f"{words}{picture}\n{tables}")


def _marked(table: str, evidence: Evidence) -> str:
    """Which isolations a chart does not show as measured here; nothing if it shows all."""
    recorded, missing = (evidence.named(table, source) for source in ("recorded", "missing"))
    said = [f"Recorded on another machine: {joined(recorded)}."] if recorded else []
    said += [f"Missing, neither measured nor recorded: {joined(missing)}."] if missing else []
    return f"<p class=marked>{escape(' '.join(said))}</p>\n" if said else ""


def table_html(frame: pd.DataFrame) -> str:
    """A frame as an HTML table that scrolls by itself where it is too wide."""
    numeric = [pd.api.types.is_numeric_dtype(frame[column]) for column in frame]
    head = "".join(f'<th scope="col">{escape(str(column))}</th>' for column in frame)
    rows = "\n".join(
        "<tr>" + "".join(map(_cell, row, numeric)) + "</tr>"
        for row in frame.itertuples(index=False, name=None)
    )
    return (
        '<div class="wide" tabindex="0" role="region" aria-label="table"><table>'
        f"<thead><tr>{head}</tr></thead>\n<tbody>\n{rows}\n</tbody></table></div>"
    )


def _cell(value: object, number: bool) -> str:
    text = f"{value:.6g}" if isinstance(value, float) else str(value)
    return f"<td{' class=number' if number else ''}>{escape('' if text == 'nan' else text)}</td>"


def _results(evidence: Evidence) -> str:
    """The table of results, and why rows are not measured."""
    table = table_html(pd.DataFrame(results(evidence)).set_axis(list(HEADER), axis=1))
    reasons = "".join(
        f"<li><b>{escape(name)}</b>: {escape(evidence.source(name))}: "
        f"{escape(evidence.reason(name))}</li>"
        for name in ISOLATIONS
        if evidence.reason(name)
    )
    legend = f"<p class=legend>{escape(LEGEND)}</p>"
    return (
        table
        + legend
        + (f"<h3>Not measured on this machine</h3><ul>{reasons}</ul>" if reasons else "")
    )


def _errors(evidence: Evidence) -> str:
    errors = evidence.errors
    if errors.empty:
        return "<p>Nothing was simulated, or nothing measured to compare it with.</p>"
    brief = predictions(errors)
    if not brief:
        return "<p>Nothing was held out: no storm and no memory with n &gt; 4.</p>"
    columns = [c for c in errors if c not in ("source", "machine")]
    return (
        "<p>The model was fitted to at most four instances at once. For more it had to predict, and"
        " this is by how much it was wrong (size of simulated / measured - 1): the median over the"
        " n that were held out, and in brackets the largest.</p>"
        + table_html(pd.DataFrame(brief).set_axis(list(PREDICTION_HEADER), axis=1))
        + f"<details><summary>Table: every point</summary>{table_html(errors[columns])}</details>"
    )


def _machine(evidence: Evidence) -> str:
    """The birth certificate of what was measured, and of what was recorded elsewhere."""
    used = any(status.source == "recorded" for status in evidence.statuses)
    here = _facts(evidence.tables.meta) if len(evidence.tables.meta) > 1 else ""
    if not any(status.source == "measured" for status in evidence.statuses):
        here = f"<p>Nothing was measured on this machine.</p>{here}"
    there = f"<h3>Where the recorded rows are from</h3>{_facts(evidence.recorded_meta)}"
    return here + (there if used else "")


def _facts(meta: Mapping[str, object]) -> str:
    rows = "".join(
        f"<dt>{escape(name)}</dt><dd>{escape(_plain(meta[key]))}</dd>"
        for key, name in MACHINE
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
    items = [*CAVEATS, *_assumptions(evidence)]
    return "<ul>" + "".join(f"<li>{escape(text)}</li>" for text in items) + "</ul>"


def _fitted(name: str, kind: Isolation) -> str:
    """The one number that was fitted to storms, and what it stands for."""
    spun = [one for one in kind.stage if one.busy_wait_ratio]
    if spun:
        return f"Fitted for {name}: busy waiting, {percent(spun[0].busy_wait_ratio)} of its kernel."
    if kind.turns_ratio:
        slower = percent(kind.turns_ratio)
        return (
            f"Fitted for {name}: taking turns, a core that many share is slowed by up to {slower}."
        )
    if not kind.contention_ratio:
        return f"Fitted for {name}: no contention, no costs of taking turns, no busy waiting."
    slower = percent(kind.contention_ratio)
    return f"Fitted for {name}: contention, a busy core slows another by {slower}."


def _assumptions(evidence: Evidence) -> Iterator[str]:
    """What the profile had to assume, and what the simulation left out."""
    if evidence.profile is None:
        yield "No profile was given: nothing is simulated."
        return
    provenance = evidence.profile.provenance
    fitted = ", ".join(map(str, provenance.fitted_on)) or "no storms"
    yield f"Profile: fitted on {provenance.machine}, {provenance.recorded_utc}, n = {fitted}."
    yield from (_fitted(name, kind) for name, kind in evidence.profile.isolation.items())
    yield from (f"Assumed in the profile: {text}." for text in provenance.assumed)
    yield from (f"Simulation: {text}." for text in evidence.simulated.meta.get("left_out", []))
