"""All experiments with all isolations side by side: what `sim run` does."""

from collections.abc import Callable, Sequence
from inspect import signature
from typing import Any

from sim.contract import MODELLED, Answer, Row
from sim.errors import SimError, nearest
from sim.experiments.cold_starts import cold_starts
from sim.experiments.cost import cost
from sim.experiments.density import density
from sim.experiments.failure import failure
from sim.experiments.memory import fits, memory
from sim.experiments.neighbours import neighbours
from sim.experiments.overhead import overhead
from sim.experiments.rollout import rollout
from sim.experiments.startup import startup
from sim.experiments.storm import storm
from sim.profiles import Profile

QUESTIONS: dict[str, Callable[..., list[Answer]]] = {
    "density": density,
    "overhead": overhead,
    "cold_starts": cold_starts,
    "rollout": rollout,
    "neighbours": neighbours,
    "failure": failure,
    "cost": cost,
}


def side_by_side(
    question: str,
    profile: Profile,
    isolations: Sequence[str] | None = None,
    *,
    seed: int = 0,
    **more: Any,
) -> list[Answer]:
    """The answers to one of QUESTIONS, isolation by isolation: all of them, or those named.

    `more` is what the question itself takes beside: `arrivals` or `image`. Raises SimError for a
    question that is not known or does not take it, UnknownIsolation for an isolation that the
    profile does not hold.
    """
    if question not in QUESTIONS:
        raise SimError(f"experiment {question!r} is unknown; {nearest(question, QUESTIONS)}")
    ask = QUESTIONS[question]
    for key in more.keys() - signature(ask).parameters.keys():
        raise SimError(f"{key}: {question} does not take it")
    names = isolations or [name for name in MODELLED if name in profile.isolation]
    return [one for name in names for one in ask(profile, name, seed=seed, **more)]


def everything(
    profile: Profile, isolations: Sequence[str] | None, ns: Sequence[int], seed: int
) -> tuple[dict[str, list[Row]], list[str]]:
    """Rows by table, and a sentence for each number of instances that had to be left out.

    Question: what does each isolation cost, alone and in numbers? What does not fit into the host's
    memory is not started at all. Raises UnknownIsolation for one that the profile does not hold.
    """
    rows: dict[str, list[Row]] = {"startup": [], "storm": [], "memory": []}
    left_out = []
    for name in isolations or [one for one in MODELLED if one in profile.isolation]:
        fitting = [n for n in ns if fits(profile, name, n)]
        if len(fitting) < len(ns):
            too_many = ", ".join(str(n) for n in ns if n not in fitting)
            left_out.append(f"{name}: n = {too_many} left out, more than the host's memory holds")
        rows["startup"] += startup(profile, name, seed=seed)
        rows["storm"] += storm(profile, name, fitting, seed=seed)
        rows["memory"] += memory(profile, name, fitting)
    return rows, left_out
