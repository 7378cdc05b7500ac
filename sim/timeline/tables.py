"""What a timeline shows, as tables behind a click."""

from collections.abc import Iterator, Sequence
from html import escape
from statistics import fmean, median

from sim.timeline.panels import Panel
from sim.wording import Texts, seconds, three


def tables(found: Sequence[Panel], words: Texts) -> str:
    """What the pictures show, as tables behind a click."""
    ready = [
        [
            panel.name(words),
            words[panel.source],
            str(len(panel.lanes)),
            *map(seconds, (panel.ready_s[0], median(panel.ready_s), panel.ready_s[-1])),
        ]
        for panel in found
    ]
    head = [words[name] for name in ("isolation", "source", "starts", "first", "middle", "all")]
    phases = [row for panel in found for row in _phases(panel, words)]
    told = [words[name] for name in ("isolation", "phase", "mean", "share")]
    return _table(words["table"], head, ready) + _table(words["phases"], told, phases)


def _phases(panel: Panel, words: Texts) -> Iterator[list[str]]:
    """A row for each phase, if there is more than one: its mean, and its share of a start."""
    lengths: dict[str, list[float]] = {}
    for lane in panel.lanes:
        for one in lane:
            lengths.setdefault(one.name, []).append(one.duration_s)
    whole_s = sum(map(fmean, lengths.values()))
    if len(lengths) > 1:
        for name, found_s in lengths.items():
            mean_s = fmean(found_s)
            share = f"{three(100 * mean_s / whole_s)} %" if whole_s else ""
            yield [panel.name(words), name, seconds(mean_s), share]


def _table(title: str, head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    if not rows:
        return ""
    top = "".join(f'<th scope="col">{escape(text)}</th>' for text in head)
    body = "".join(
        "<tr>" + "".join(f"<td>{escape(text)}</td>" for text in row) + "</tr>" for row in rows
    )
    return (
        f"<details><summary>{escape(title)}</summary>"
        f'<div class="wide" tabindex="0" role="region" aria-label="{escape(title, quote=True)}">'
        f"<table><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table></div></details>"
    )
