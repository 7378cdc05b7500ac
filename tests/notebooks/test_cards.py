"""The problems of the cards: solvable, with a hint for each typical mistake, the same anywhere."""

from __future__ import annotations

import re

import course
import pytest
from course.__main__ import main
from course.cards import CARDS, problem
from course.problems import Draw

SEEDS = range(100)
each_card = pytest.mark.parametrize("name", CARDS)


def refusal(one, answer) -> str:
    """The hint that an answer gets; "" if it is right."""
    try:
        one.check(answer)
    except course.NotYet as why:
        return str(why)
    return ""


@each_card
def test_the_solution_is_right_and_three_mistakes_get_their_own_hints(name, capsys):
    for seed in SEEDS:
        one = problem(name, seed)
        assert refusal(one, one.solve()) == ""
        mistakes = one.mistakes()
        assert len(mistakes) >= 3
        assert [m for m, hint in mistakes if hint not in refusal(one, m)] == []
        assert capsys.readouterr().out == "right\n"


@each_card
@pytest.mark.parametrize("answer", [None, "", "yes", [], [None], object(), True, float("nan"), {}])
def test_what_is_no_answer_is_refused_with_a_hint(name, answer):
    assert "Hint" in refusal(problem(name, 1), answer)


@each_card
def test_no_hint_tells_a_number(name):
    """A hint is the same sentence for all seeds: what leads on is not what one copies."""
    hints = {seed: {hint for _, hint in problem(name, seed).mistakes()} for seed in SEEDS}
    told = {
        word for found in hints.values() for hint in found for word in re.findall(r"\d{2,}", hint)
    }
    assert told <= {"1970"}


@each_card
def test_students_have_numbers_of_their_own(name):
    assert len({problem(name, seed).text().split("\n", 1)[1] for seed in SEEDS}) > 10


@each_card
def test_a_seed_may_be_a_number_or_a_word(name):
    assert problem(name, 2026001).text() == problem(name, "2026001").text()


def test_chance_is_the_same_on_every_machine():
    """Python promises that `random()` keeps its sequence for a seed; these were drawn once."""
    draw = Draw(2026001, "M1")
    assert [draw.whole(0, 9) for _ in range(8)] == [4, 7, 2, 0, 4, 9, 0, 0]
    assert draw.mixed("abcdef") == list("ecfdab")


def test_answers_are_printed_for_lecturers(capsys):
    assert main(["answers", "--seed", "2026001", "kim"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 1 + 2 * len(CARDS)
    assert lines[1] == f"2026001,M1,{problem('M1', '2026001').solve()}"


@pytest.mark.parametrize("answer", ["ae", "A, E", ["a", "e"], {"e", "a"}])
def test_letters_may_come_in_any_dress(answer):
    one = problem("M15", 2026001)
    assert (one.solve(), refusal(one, answer)) == ("ae", "")


def test_an_unknown_card_is_refused_by_name():
    with pytest.raises(ValueError, match="no card 'M17'"):
        course.card("M17", seed=1)
