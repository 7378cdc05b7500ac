"""`python -m course`: what lecturers and authors do with the lessons."""

from __future__ import annotations

import argparse
import csv
import sys
from collections.abc import Sequence
from pathlib import Path

from course.cards import CARDS, problem
from course.cells import lessons
from course.language import ENGLISH

OUT = Path("out")


def answers(seeds: Sequence[str]) -> None:
    """Print the answers to all cards, as CSV: one line a student and card."""
    table = csv.writer(sys.stdout, lineterminator="\n")
    table.writerow(("seed", "card", "answer"))
    for seed in seeds:
        for card in CARDS:
            table.writerow((seed, card, problem(card, seed).solve()))


def student(language: str) -> None:
    """Write the student edition, and what nbgrader makes its own from."""
    from course.student import write_editions

    print(*write_editions(OUT if language == ENGLISH else OUT / language, language), sep="\n")


def cards(language: str, seed: str) -> None:
    """Write the hand-out."""
    from course.handout import write_page

    path = OUT / ("cards.html" if language == ENGLISH else f"cards-{language}.html")
    write_page(path, language, seed)
    print(path)


def record(numbers: list[str]) -> None:
    """Make the recordings anew."""
    from course.recorder import record_all

    print(*record_all(numbers), sep="\n")


def translate(numbers: list[str], language: str) -> None:
    """Bring the other edition of these lessons into step, and say which texts are to be written."""
    from course.edition import bring_into_step

    for path in lessons():
        if not numbers or path.name[:2] in numbers:
            target, waiting = bring_into_step(path, language)
            print(target, *waiting)


def parser() -> argparse.ArgumentParser:
    """The command line."""
    top = argparse.ArgumentParser(prog="python -m course", description=__doc__)
    verbs = top.add_subparsers(dest="verb", required=True)

    def verb(name: str, does: str, language: str | None = None) -> argparse.ArgumentParser:
        one = verbs.add_parser(name, help=does)
        if language:
            one.add_argument("--language", default=language, choices=("en", "ko"))
        return one

    answer = verb("answers", "print the answers to all cards, for each student's seed")
    answer.add_argument("--seed", nargs="+", required=True, dest="seeds", help="as in SEED")
    verb("student", "write the student edition to out/student, nbgrader's to out/nbgrader", ENGLISH)
    card = verb("cards", "write the misconception cards as one page to out/cards.html", ENGLISH)
    card.add_argument("--seed", default="2026", help="whose numbers the problems have")
    recorded = verb("record", "make the recordings anew, on a machine that can run everything")
    recorded.add_argument("numbers", nargs="*", help="lessons, 01 to 08; all if none is named")
    other = verb("translate", "bring the edition in another language into step", "ko")
    other.add_argument("numbers", nargs="*", help="lessons, 01 to 08; all if none is named")
    return top


def main(words: Sequence[str] | None = None) -> int:
    """Do what the command line asks for; a refusal is one line on standard error."""
    wishes = vars(parser().parse_args(words))
    doing = {f.__name__: f for f in (answers, student, cards, record, translate)}
    try:
        doing[wishes.pop("verb")](**wishes)
    except (OSError, ValueError) as why:
        print(f"python -m course: {why}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
