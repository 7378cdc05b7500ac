"""`sim experiment`: one question, all isolations side by side."""

import argparse
import csv
import io
import sys
from pathlib import Path

from sim.contract import MODELLED, Answer
from sim.files import write_text


def flags(verb: argparse.ArgumentParser) -> None:
    """What `sim experiment` takes."""
    told = "density, overhead, cold_starts, rollout, neighbours, failure or cost"
    verb.add_argument("question", metavar="QUESTION", help=told)
    verb.add_argument("profile", type=Path, metavar="PROFILE", help="such as published.toml")
    verb.add_argument("--isolation", action="append", metavar="NAME", help="only this; repeatable")
    verb.add_argument("--seed", type=int, default=0, help="same seed, same answers (default 0)")
    verb.add_argument("--arrivals", type=Path, metavar="CSV", help="cold_starts, cost: arrival_s")
    verb.add_argument("--image", metavar="NAME", help="rollout: of the profile (default: its last)")
    verb.add_argument("-o", "--output", type=Path, metavar="FILE", help="also as CSV")
    verb.set_defaults(verb=experiment)


def experiment(chosen: argparse.Namespace) -> None:
    """Ask, print one row a case with one column an isolation, and write the answers if asked to."""
    from sim.experiments import QUESTIONS, side_by_side
    from sim.profile_files import read_profile

    profile = read_profile(chosen.profile)
    names = chosen.isolation or [name for name in MODELLED if name in profile.isolation]
    extra = {
        key: value for key in ("arrivals", "image") if (value := getattr(chosen, key)) is not None
    }
    answers = side_by_side(chosen.question, profile, names, seed=chosen.seed, **extra)
    if chosen.output:
        write_text(chosen.output, as_csv(answers))
    ask = QUESTIONS[chosen.question]
    _print(str(sys.modules[ask.__module__].__doc__).splitlines()[0], names, answers)
    if chosen.output:
        print(chosen.output)


def _print(question: str, names: list[str], answers: list[Answer]) -> None:
    """One row a case, one column an isolation."""
    from sim.terminal import console, new_table

    rows = new_table(question, ("subject", *names))
    for (case, quantity), cells in _by_case(answers).items():
        shown = [f"{cells[name]:.4g}" if name in cells else "" for name in names]
        rows.add_row(f"{quantity}, {case}" if case else quantity, *shown)
    console().print(rows)


def _by_case(answers: list[Answer]) -> dict[tuple[str, str], dict[str, float]]:
    cells: dict[tuple[str, str], dict[str, float]] = {}
    for one in answers:
        cells.setdefault((one.case, one.quantity), {})[one.isolation] = one.value
    return cells


def as_csv(answers: list[Answer]) -> str:
    """The answers as a table, one number a row."""
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(Answer._fields)
    table.writerows(answers)
    return text.getvalue()
