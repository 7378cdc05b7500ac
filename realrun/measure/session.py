"""What all experiments share: the image, somebody who starts it, and what this machine can do."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import TypeVar

from realrun import engine
from realrun.errors import RealRunError
from realrun.measure.environment import machine_id
from realrun.runtime.client import Spawner
from realrun.runtime.run import Run, drive, ignore

Tick = Callable[[str], None]
T = TypeVar("T")
WAIT = "wait"  # the word that makes examples/hello stay after its greeting


class Session:
    """Use it in `with`; leaving ends whatever still runs.

    `isolations` are those that have printed a greeting here; `skipped` says why others have not.
    """

    def __init__(self, image: engine.Runnable, wanted: Sequence[str]) -> None:
        engine.check_isolations(wanted)
        self.image = image
        self.starter = Spawner()
        self.machine = machine_id()
        self.first: dict[str, Run] = {}
        self.skipped: dict[str, str] = {}
        self.greetings: dict[str, bytes] = {}
        self.failed: list[str] = []  # one line for each start that is missing in the tables
        self.wanted = tuple(wanted)

    def __enter__(self) -> Session:
        return self

    def __exit__(self, *_: object) -> None:
        self.starter.close()

    @property
    def isolations(self) -> list[str]:
        """Those that work here, in the order asked for."""
        return [name for name in self.wanted if name in self.first]

    def try_all(self, tick: Tick = lambda _: None) -> None:
        """Run the image once in every isolation: the proof that it works, and the first start."""
        for isolation in self.wanted:
            tick(isolation)
            said: list[bytes] = []
            try:
                self.first[isolation] = self.complete(isolation, out=said.append)
            except RealRunError as error:
                self.skipped[isolation] = str(error)
            self.greetings[isolation] = b"".join(said)

    def begin(self, isolation: str, *words: str, out: Callable[[bytes], None] = ignore) -> Run:
        """Ask for an instance; `words` go behind the image's own command."""
        config = self.image.config
        own = [*(config.get("Entrypoint") or []), *(config.get("Cmd") or [])]
        wishes = engine.Wishes(isolation=isolation, words=(*own, *words), entrypoint="")
        return engine.begin(engine.spec_for(self.image, wishes), self.starter, out, ignore)

    def complete(self, isolation: str, out: Callable[[bytes], None] = ignore) -> Run:
        """One instance from the request to its last trace. A failure is an error, never a time."""
        run = self.begin(isolation, out=out)
        try:
            drive([run], self.starter)
        finally:
            run.close()
        check(run, engine.exit_code(run))
        return run

    def attempt(self, work: Callable[[], T]) -> T | None:
        """Do it, once more if it fails; what failed is noted, and what failed twice is left out."""
        for _ in range(2):
            try:
                return work()
            except RealRunError as error:
                self.failed.append(str(error))
        return None

    def identity(self, run: Run) -> tuple[str, str, str]:
        """The columns that every row begins with."""
        plan = run.record.plan
        return self.machine, plan.isolation, plan.accelerator

    def crowd(self, isolation: str, count: int) -> tuple[list[Run], int]:
        """`count` instances asked for at once, all ready and waiting; and the moment of asking."""
        asked_ns = time.monotonic_ns()
        runs: list[Run] = []
        try:
            for _ in range(count):
                runs.append(self.begin(isolation, WAIT))
            drive(runs, self.starter, until=Run.ready)
            for run in runs:
                check(run, engine.exit_code(run) if run.over() else 0)
        except BaseException:
            self.disperse(runs)
            raise
        return runs, asked_ns

    def disperse(self, runs: Sequence[Run]) -> None:
        """End a crowd and wait until nothing of it is left."""
        for run in runs:
            self.starter.signal(run.id, 9)
        for run in runs:
            for fd in list(run.sources):
                run.sources[fd] = ignore
        drive(runs, self.starter, until=lambda run: run.record.code is not None)
        for run in runs:
            run.close()


def check(run: Run, code: int) -> None:
    """Only a start that printed something and did not fail may be counted."""
    if code or not run.record.output_ns:
        plan = run.record.plan
        raise RealRunError(
            f"{plan.isolation}: the image's command printed nothing or failed (exit code {code}); "
            "measuring needs a command that greets, see examples/hello"
        )
