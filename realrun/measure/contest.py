"""The turns of `bench peers` and `bench start`: one at a time, many at once, one more among many.

Every round everybody plays once, in an order that the seed gives, so that a disturbance of the
machine meets all of them. What is said of two is the ratio of what they took in the same run.
"""

from __future__ import annotations

import resource
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from realrun.errors import RealRunError
from realrun.measure import floor, peers, sandbox
from realrun.measure.caller import Answer
from realrun.measure.environment import machine_id
from realrun.measure.peers import CONTAINER, FLOOR, Place
from realrun.measure.rows import PeerRow, StepRow
from realrun.measure.session import Tick

ROUNDS, REPEATS = 30, 5
MANY, AT_ONCE, CROWD = 200, 32, 1000
BETWEEN_S = 0.03  # what the kernel is still clearing away of one turn is not to cost the next
EDGE = 20  # of a crowd, so many of the first and of the last are told
ONE, AT_A_TIME, AMONG, HELD = "one", "many", "among", "held"
PROGRAM, STAYING = ["/bin/echo", "hello"], ["/bin/sleep", "3600"]
CONTESTANTS = (CONTAINER, FLOOR)


class Contest:
    """Rows as they come in, and what failed on the way."""

    def __init__(self, found: Place, seed: int, tick: Tick) -> None:
        self.place, self.seed, self.tick = found, seed, tick
        self.rows: list[PeerRow] = []
        self.steps: list[StepRow] = []
        self.failed: list[str] = []
        self.isolates: dict[str, str] = {}
        self.order = 0

    def look(self) -> None:
        """What each keeps its program away from."""
        for who, play in self.place.plays.items():
            self.tick(f"{who}: what it isolates")
            try:
                self.isolates[who] = sandbox.isolates(play)
            except RealRunError as error:
                self.failed.append(f"{who}: {error}")

    def rounds(self, count: int) -> None:
        """Everybody once a round."""
        runs = dict.fromkeys(self.place.plays, 0)
        for who in peers.order_of(list(runs), count, self.seed):
            if answer := self.attempt(who, partial(self.place.plays[who], PROGRAM)):
                self.note_steps(who, runs[who], answer)
                self.row(ONE, who, 1, runs[who], answer)
            runs[who] += 1

    def many(self, repeats: int, count: int = MANY, at_once: int = AT_ONCE) -> None:
        """`count` containers, so many at once, by us and by the floor."""
        ways: dict[str, Callable[[], Answer]] = {
            CONTAINER: lambda: self.place.small.ask(
                "many", count=count, at_once=at_once, words=PROGRAM
            ),
            FLOOR: lambda: floor_many(self.place, count, at_once),
        }
        self.take_turns(AT_A_TIME, ways, repeats, count)

    def take_turns(
        self, task: str, ways: dict[str, Callable[[], Answer]], repeats: int, count: int
    ) -> None:
        """Both contestants, if they are here, `repeats` times."""
        here = [who for who in ways if who in self.place.plays]
        runs = dict.fromkeys(here, 0)
        for who in peers.order_of(here, repeats, self.seed):
            if answer := self.attempt(f"{who}: {task}", ways[who]):
                self.row(task, who, count, runs[who], answer)
            runs[who] += 1

    def crowd(self, count: int = CROWD) -> None:
        """`count` that stay: how long each of the first and of the last took, and what is held."""
        allow_descriptors()
        ways: dict[str, Callable[[], Answer]] = {
            CONTAINER: lambda: self.place.small.ask("crowd", count=count, words=STAYING),
            FLOOR: lambda: floor_crowd(self.place, count),
        }
        for who in (one for one in ways if one in self.place.plays):
            answer = self.attempt(f"{who}: {AMONG}", ways[who])
            if not answer:
                continue
            taken = list(enumerate(answer["exec_s"]))
            for before, exec_s in [*taken[:EDGE], *taken[EDGE:][-EDGE:]]:
                self.row(AMONG, who, before, 0, {"exec_s": exec_s})
            for n, pss_mib in zip((0, count), answer.get("pss_mib", ()), strict=False):
                self.row(HELD, who, n, 0, {"pss_mib": pss_mib})

    def attempt(self, who: str, play: Callable[[], Answer]) -> Answer | None:
        """A failure is noted, and never a time."""
        self.tick(who)
        time.sleep(BETWEEN_S)
        try:
            return play()
        except RealRunError as error:
            self.failed.append(f"{who}: {error}")
            return None

    def row(self, task: str, who: str, n: int, run: int, answer: Answer) -> None:
        """One more row."""
        isolation = who if who == peers.PROCESS else "container"
        self.rows.append(
            PeerRow(
                machine_id(), isolation, "none", task, who, n, run, self.order,
                answer.get("exec_s"), answer.get("start_s"), answer.get("life_s"),
                answer.get("pss_mib"), self.isolates.get(who, ""),
            )
        )  # fmt: skip
        self.order += 1

    def note_steps(self, who: str, run: int, answer: Answer) -> None:
        """By the plan's names, of those whose steps are known and the same."""
        for phase, duration_s in answer["steps"].items() if who in CONTESTANTS else ():
            row = (machine_id(), "container", "none", who, run, self.order, phase, duration_s)
            self.steps.append(StepRow(*row))


def allow_descriptors() -> None:
    """A crowd takes a few for each of its members."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def scores(found: Place, words: list[str], count: int) -> list[Path]:
    """One for each of `count` containers of the floor."""
    return [peers.score_for(found, words, f"score-{number}") for number in range(count)]


def floor_many(found: Place, count: int, at_once: int) -> Answer:
    """From the first request to the last trace, s."""
    played = floor.play(found.folder / "floor", scores(found, PROGRAM, count), at_once)
    begin_ns = min(stamps[floor.BEGIN] for stamps in played)
    return {"life_s": (max(stamps[floor.REMOVED] for stamps in played) - begin_ns) / 1e9}


def floor_crowd(found: Place, count: int) -> Answer:
    """How long each took to exec(2), s."""
    played = floor.play(found.folder / "floor", scores(found, STAYING, count), 0)
    return {"exec_s": [(one[floor.RUNNING] - one[floor.BEGIN]) / 1e9 for one in played]}


def settle() -> None:
    """Let the kernel finish what the last of a crowd have left to it."""
    time.sleep(2)


def peer_contest(
    rounds: int = ROUNDS,
    repeats: int = REPEATS,
    crowd: int = CROWD,
    seed: int = 1,
    tick: Tick = lambda _: None,
) -> Contest:
    """All of it; `crowd` 0 leaves the crowd out."""
    with peers.place() as found:
        contest = Contest(found, seed, tick)
        contest.look()
        contest.rounds(rounds)
        contest.many(repeats)
        if crowd:
            settle()
            contest.crowd(crowd)
        return contest


def start_contest(rounds: int = ROUNDS, seed: int = 1, tick: Tick = lambda _: None) -> Contest:
    """One container at a time, by us and by the floor."""
    with peers.place(CONTESTANTS) as found:
        contest = Contest(found, seed, tick)
        contest.rounds(rounds)
        return contest
