"""What the page shows of an answer: a sentence, a table, the timeline, bars. Words and SVG."""

from collections.abc import Sequence
from html import escape

from sim.experiments.what_if import Found, Scenario
from sim.page.words import WORDS
from sim.profiles import Profile
from sim.timeline.document import part
from sim.timeline.panels import panels, percent
from sim.timeline.words import WORDS as TIMELINE_WORDS
from sim.traces import of_spans
from sim.wording import Texts, label, mib, seconds, spoken, three

BAR_PX = 12


def view(
    profile: Profile, scenario: Scenario, found: Sequence[Found], language: str
) -> dict[str, str]:
    """The parts of the page by the name of the place that each goes to."""
    words = spoken(WORDS, language)
    slices = [
        one
        for each in found
        for one in of_spans(each.isolation, each.spans, each.isolation, each.accelerator)
    ]
    return {
        "sentence": escape(sentence(profile, scenario, found, words)),
        "table": table(found, words),
        "timeline": part(panels(slices), spoken(TIMELINE_WORDS, language), words["timeline"]),
        "memory": memory(profile, scenario, found, words),
        "density": density(profile, found, words),
    }


def name_of(one: Found, words: Texts) -> str:
    """How it is called; emulation by its name."""
    return label(one.isolation, one.accelerator, words["emulation"])


def sentence(profile: Profile, scenario: Scenario, found: Sequence[Found], words: Texts) -> str:
    """The answer in a sentence: the first to be through with all, and the last."""
    ended = sorted((one for one in found if one.fits), key=lambda one: max(one.ready_s))
    if not ended:
        return words["none_fits"].format(n=scenario.n, memory=mib(profile.host.memory_mib))
    first, last = ended[0], ended[-1]
    told = words["one"].format(
        n=scenario.n,
        cores=profile.host.cores,
        name=name_of(first, words),
        time=seconds(max(first.ready_s)),
    )
    if first is not last:
        ratio = max(last.ready_s) / max(first.ready_s)
        time = seconds(max(last.ready_s))
        told += words["other"].format(name=name_of(last, words), time=time, ratio=two_digits(ratio))
    full = ", ".join(name_of(one, words) for one in found if not one.fits)
    return told + "." + (" " + words["some_not"].format(names=full) if full else "")


def table(found: Sequence[Found], words: Texts) -> str:
    """A row an isolation."""
    columns = ("isolation", "alone", "median", "last", "used", "one_mib", "most", "full")
    head = "".join(f'<th scope="col">{escape(words[column])}</th>' for column in columns)
    body = "".join(_row(one, words) for one in found)
    return (
        f'<div class="wide" tabindex="0" role="region" aria-label="{escape(words["numbers"])}">'
        f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def _row(one: Found, words: Texts) -> str:
    told = one.told()
    no = words["no_room"]
    cells = (
        seconds(one.alone_s),
        seconds(told["median_s"]) if one.fits else no,
        seconds(told["last_s"]) if one.fits else no,
        mib(one.used_mib),
        mib(one.one_mib),
        f"{one.most:,}{'+' * (one.full == 'none')}",
        words[f"full_{one.full}"],
    )
    inside = "".join(f"<td>{escape(text)}</td>" for text in cells)
    return (
        f'<tr><th scope="row" style="--own:var(--{one.isolation})">'
        f"{escape(name_of(one, words))}</th>{inside}</tr>"
    )


def memory(profile: Profile, scenario: Scenario, found: Sequence[Found], words: Texts) -> str:
    """What all of them take, and how much of the machine that is."""
    whole_mib = profile.host.memory_mib
    rows = [
        (one, one.used_mib, f"{mib(one.used_mib)}, {three(100 * one.used_mib / whole_mib)} %")
        for one in found
    ]
    title = words["memory_title"].format(n=scenario.n)
    return bars(title, words["memory_foot"].format(memory=mib(whole_mib)), rows, words)


def density(profile: Profile, found: Sequence[Found], words: Texts) -> str:
    """How many would fit."""
    rows = [(one, float(one.most), f"{one.most:,}{'+' * (one.full == 'none')}") for one in found]
    title = words["density_title"].format(memory=mib(profile.host.memory_mib))
    return bars(title, words["density_foot"], rows, words)


def bars(title: str, foot: str, rows: Sequence[tuple[Found, float, str]], words: Texts) -> str:
    """A bar a row, all in one scale, each with its name and its value above it."""
    most = max(value for _, value, _ in rows) or 1.0
    told = [(name_of(one, words), text) for one, _, text in rows]
    alt = f"{title}: {'; '.join(f'{name} {text}' for name, text in told)}"
    drawn = "".join(
        f'<p class="row"><span>{escape(name)}</span> <span class="value">{escape(text)}</span></p>'
        f"{_bar(one.isolation, value / most)}"
        for (name, text), (one, value, _) in zip(told, rows, strict=True)
    )
    return (
        f'<figure class="rows"><figcaption><h2>{escape(title)}</h2></figcaption>'
        f'<div role="img" aria-label="{escape(alt)}">{drawn}</div>'
        f'<p class="foot">{escape(foot)}</p></figure>'
    )


def _bar(isolation: str, share: float) -> str:
    return (
        f'<svg aria-hidden="true" width="100%" height="{BAR_PX}">'
        f'<rect class="track" width="100%" height="{BAR_PX}"/>'
        f'<rect style="fill:var(--{isolation})" width="{percent(share)}" height="{BAR_PX}"/></svg>'
    )


def two_digits(ratio: float) -> str:
    """How many times as much: more digits than that nobody can promise.

    >>> two_digits(18279.0), two_digits(1.234)
    ('18,000', '1.2')
    """
    return f"{float(f'{ratio:.2g}'):,g}"
