"""The misconception cards M1 to M16: what many believe, and a problem that only who knows better gets right."""

from __future__ import annotations

from course.cards import images, kernels, memory, starts
from course.problems import Deal, Draw, Problem

CARDS: dict[str, Deal] = {
    "M1": kernels.whose_kernel,
    "M2": kernels.in_the_hosts_list,
    "M3": images.what_comes_back,
    "M4": images.two_images,
    "M5": images.deleted_later,
    "M6": images.order_of_lines,
    "M7": memory.three_accounts,
    "M8": memory.many_of_one_image,
    "M9": memory.who_touched_first,
    "M10": memory.free_inside,
    "M11": memory.given_and_taken,
    "M12": starts.what_boots,
    "M13": starts.where_the_time_goes,
    "M14": starts.ten_timings,
    "M15": images.what_survives,
    "M16": kernels.laptops,
}


def problem(name: str, seed: int | str) -> Problem:
    """The problem of a card for one student, the same on every machine and every Python.

    Raises:
        ValueError: if there is no such card.
    """
    if name not in CARDS:
        raise ValueError(f"no card {name!r}; there are {', '.join(CARDS)}")
    return Problem(name, seed, CARDS[name](Draw(seed, name)))


def card(name: str, seed: int | str) -> Problem:
    """Print the problem of a card with this student's numbers; its `check(answer)` checks an answer.

    Raises:
        ValueError: if there is no such card.
    """
    found = problem(name, seed)
    print(found.text())
    return found
