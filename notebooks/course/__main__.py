"""`python -m course`: what lecturers and authors do with the lessons."""

from __future__ import annotations

import argparse
import csv
import sys
from collections.abc import Sequence

from course.cards import CARDS, problem


def answers(seeds: Sequence[str]) -> None:
    """Print the answers to all cards, as CSV: one line a student and card."""
    table = csv.writer(sys.stdout, lineterminator="\n")
    table.writerow(("seed", "card", "answer"))
    for seed in seeds:
        for card in CARDS:
            table.writerow((seed, card, problem(card, seed).solve()))


def parser() -> argparse.ArgumentParser:
    """The command line."""
    top = argparse.ArgumentParser(prog="python -m course", description=__doc__)
    verbs = top.add_subparsers(dest="verb", required=True)
    answer = verbs.add_parser("answers", help="the answers to all cards, for each student's seed")
    answer.add_argument("--seed", nargs="+", required=True, dest="seeds", help="as in SEED")
    return top


def main(words: Sequence[str] | None = None) -> int:
    """Do what the command line asks for."""
    wishes = parser().parse_args(words)
    answers(wishes.seeds)
    return 0


if __name__ == "__main__":
    sys.exit(main())
