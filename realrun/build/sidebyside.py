"""Stages side by side: one loop and no threads.

A stage is a generator. It works until it has to wait, and yields what for: a `Job`, which is begun
in a container and whose exit status the stage is sent when it has ended; or a question, such as
"is the stage below finished?", which is asked again after every move of another stage. While one
stage waits the others work, so commands of independent stages run at the same time.

What a stage sees of others does not depend on who was faster, so neither does the result. If one
stage fails or the user interrupts, all commands are ended before the error goes on.

Source: docs.docker.com, "Multi-stage builds": stages that do not need each other build in parallel.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field

from realrun.build.bench import Job, Question, Runner, Steps

LOOK_AGAIN_S = 0.1


@dataclass(slots=True)
class Board:
    """Which stage is where."""

    ready: deque[tuple[Steps[None], int | None]]  # each with what it is sent
    running: dict[Job, Steps[None]] = field(default_factory=dict)
    asking: list[tuple[Question, Steps[None]]] = field(default_factory=list)

    def is_busy(self) -> bool:
        return bool(self.ready or self.running or self.asking)

    def answer(self) -> None:
        """Whoever has got the answer yes may go on."""
        asked, self.asking = self.asking, []
        for question, steps in asked:
            if question():
                self.ready.append((steps, None))
            else:
                self.asking.append((question, steps))

    def close(self) -> None:
        """Every stage that has not finished lets go of what it holds."""
        for steps in (*self.running.values(), *(steps for _, steps in self.asking)):
            steps.close()


def carry_out(stages: Iterable[Steps[None]], runner: Runner) -> None:
    """All stages, to their ends; an error of one ends all."""
    board = Board(deque((steps, None) for steps in stages))
    try:
        while board.is_busy():
            if board.ready:
                advance(board, runner)
            else:
                wait(board, runner)
            board.answer()
    except BaseException as first:
        for undo in (runner.stop, board.close):
            try:
                undo()
            except Exception as second:
                first.add_note(f"while stopping the other stages: {second!r}")
        raise


def advance(board: Board, runner: Runner) -> None:
    """The next stage works until it has to wait."""
    steps, status = board.ready.popleft()
    try:
        waits_for = next(steps) if status is None else steps.send(status)
    except StopIteration:
        return
    if isinstance(waits_for, Job):
        board.running[waits_for] = steps
        runner.begin(waits_for)
    else:
        board.asking.append((waits_for, steps))


def wait(board: Board, runner: Runner) -> None:
    """Until a command ends; with none on its way somebody else has what is asked for."""
    if not board.running:
        time.sleep(LOOK_AGAIN_S)
    elif ended := runner.wait():
        job, status = ended
        board.ready.append((board.running.pop(job), status))
