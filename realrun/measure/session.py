"""What all experiments share: the image, somebody who starts it, and what this machine can do."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from realrun import engine
from realrun.errors import GuestFailed, RealRunError
from realrun.guest import levels
from realrun.measure.environment import machine_id
from realrun.runtime.client import Spawner
from realrun.runtime.run import Run, Sink, drive, ignore, seen_off

Tick = Callable[[str], None]
WAIT = "wait"  # the word that makes examples/hello stay after its greeting
PATIENCE_S, LEAST_PATIENCE_S = 120.0, 30.0  # for a trial to end; later, when more is known
PATIENCE_RATIO = 10  # of the time that it took so far
STAMPED = re.compile(rb" at (\d{9,11}\.\d{6})(?=\n)")  # what examples/hello says for STAMP=1
SET_NS = 1_000_000  # more than this and the wall clock was set, not merely slowed


class Way(NamedTuple):
    """How to run the image: an isolation, and of a guest which level of it."""

    isolation: str
    level: str = ""

    def __str__(self) -> str:
        return f"{self.isolation}:{self.level}" if self.level else self.isolation


def way(text: str) -> Way:
    """`qemu`, or `qemu:LEVEL` as `guest.levels` writes it. Raises UsageError for neither."""
    isolation, _, level = text.partition(":")
    engine.check_isolations([isolation])
    usual = levels.text(*levels.asked(isolation, level))
    return Way(isolation, usual if level else "")


class Session:
    """Use it in `with`; leaving ends whatever still runs.

    `ways` are those that have printed a greeting here; `skipped` says why others have not.
    """

    def __init__(self, image: engine.Runnable, wanted: Sequence[str]) -> None:
        self.wanted = tuple(map(way, wanted))
        self.image = image
        self.starter = Spawner()
        self.machine = machine_id()
        self.began_ns = time.monotonic_ns()
        self.first: dict[Way, Run] = {}
        self.took_s: dict[Way, float] = {}  # the fastest start so far, with its end
        self.told_ns: dict[str, int] = {}  # by instance: from the program's stamp to its arrival
        self.skipped: dict[str, str] = {}
        self.greetings: dict[Way, bytes] = {}
        self.levels = True  # guests at all levels asked for, and not at the first alone

    def __enter__(self) -> Session:
        return self

    def __exit__(self, *_: object) -> None:
        self.starter.close()

    def renew(self) -> None:
        """A new starter, if the one we had has been killed: what is to come is measured with it."""
        if self.starter.process.poll() is not None:
            self.starter.close()
            self.starter = Spawner()

    @property
    def ways(self) -> list[Way]:
        """Those that work here, in the order asked for."""
        found = [way for way in self.wanted if way in self.first]
        firsts = {way.isolation: way for way in reversed(found)}
        return [way for way in found if self.levels or firsts[way.isolation] == way]

    def try_all(self, tick: Tick = lambda _: None) -> None:
        """Run the image once in every way: the proof that it works, and the first start."""
        for way in self.wanted:
            tick(str(way))
            said: list[bytes] = []
            try:
                self.first[way] = self.complete(way, out=said.append)
            except RealRunError as error:
                heed(error)
                self.skipped[str(way)] = str(error)
            self.greetings[way] = STAMPED.sub(b"", b"".join(said))

    def begin(
        self, way: Way, *words: str, out: Sink = ignore, image: engine.Runnable | None = None,
        **wishes: Any,
    ) -> Run:  # fmt: skip
        """Ask for an instance, by itself of the session's image; `words` go behind its own command.

        The request is stamped before anything is done for it. When it is ready the program tells
        itself, if it runs on our clock and its image knows how (`examples/hello`).
        """
        requested_ns, cpu_ns = time.monotonic_ns(), time.thread_time_ns()
        ahead_ns = wall_ahead_ns()
        image = image or self.image
        own = [*(image.config.get("Entrypoint") or []), *(image.config.get("Cmd") or [])]
        asked = {"words": (*own, *words), "entrypoint": "", "env": {"STAMP": "1"}} | wishes
        asked |= {"isolation": way.isolation, "level": way.level}
        spec = engine.spec_for(image, engine.Wishes(**asked))

        def hear(data: bytes) -> None:
            if way.isolation not in engine.GUESTS and run.id not in self.told_ns:
                self.believe(run, data, ahead_ns)
            out(data)

        run = engine.begin(spec, self.starter, hear, ignore)
        run.record.requested_ns = requested_ns
        run.record.caller_cpu_ns = time.thread_time_ns() - cpu_ns
        return run

    def believe(self, run: Run, data: bytes, ahead_ns: int) -> None:
        """Take over when the program says that it was ready, if that can be.

        It looks at the wall clock: if that was set meanwhile, nobody knows when it was.
        """
        found, record = STAMPED.search(data), run.record
        if not found or abs(wall_ahead_ns() - ahead_ns) > SET_NS or not record.watched:
            return
        told_ns = int(found[1].replace(b".", b"")) * 1000 - ahead_ns
        if record.requested_ns < told_ns <= record.output_ns:
            self.told_ns[run.id] = record.output_ns - told_ns
            record.output_ns = told_ns
            record.watched[-1] = record.watched[-1]._replace(at_ns=told_ns)

    def ready_by(self, run: Run) -> str:
        """Who stamped the first output."""
        return "program" if run.id in self.told_ns else "engine"

    def cost_s(self, way: Way, count: int = 1) -> float:
        """How long `count` at once will take, by guess: they share the processors."""
        return self.took_s[way] * max(1.0, count / len(os.sched_getaffinity(0)))

    def pids(self, run: Run) -> list[int]:
        """The instance's processes."""
        return engine.pids(run)

    def complete(self, way: Way, out: Sink = ignore) -> Run:
        """One instance from the request to its last trace. A failure is an error, never a time."""
        run = self.begin(way, out=out)
        with seen_off(run, self.starter):
            self.drive([run], Run.over, self.patience_s(way))
        check(run, engine.exit_code(run))
        taken_s = (run.record.removed_ns - run.record.requested_ns) / 1e9
        self.took_s[way] = min(taken_s, self.took_s.get(way, taken_s))
        return run

    def patience_s(self, way: Way, count: int = 1) -> float:
        """How long `count` instances at once may take: a guest that hangs must not hang us."""
        if way not in self.first:
            return PATIENCE_S
        return max(LEAST_PATIENCE_S, PATIENCE_RATIO * self.took_s[way] * count)

    def drive(self, runs: Sequence[Run], until: Callable[[Run], bool], patience_s: float) -> None:
        """Listen until each is as far as asked. Raises GuestFailed if that takes too long."""
        late_s = time.monotonic() + patience_s
        drive(runs, self.starter, until=lambda run: until(run) or time.monotonic() > late_s)
        if late := [run for run in runs if not until(run)]:
            name = late[0].record.plan.isolation
            raise GuestFailed(
                f"{name}: {len(late)} of {len(runs)} did not get on within {patience_s:.0f} s"
            )

    def identity(self, run: Run) -> tuple[str, str, str]:
        """The columns that every row begins with."""
        plan = run.record.plan
        return self.machine, plan.isolation, plan.accelerator

    def accelerator(self, way: Way) -> str:
        """What makes this way's machine, as its first start told."""
        if way in self.first:
            return self.first[way].record.plan.accelerator
        return engine.accelerator(way.isolation)

    def crowd(self, way: Way, count: int, **more: Any) -> tuple[list[Run], int]:
        """`count` instances asked for at once, all ready and waiting; and the moment of asking.

        `more` as in `begin`.
        """
        asked_ns = time.monotonic_ns()
        runs: list[Run] = []
        try:
            for _ in range(count):
                runs.append(self.begin(way, WAIT, **more))
            self.drive(runs, Run.ready, self.patience_s(way, count))
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
        drive(runs, self.starter, until=lambda run: run.record.code is not None)
        for run in runs:
            run.close()


def heed(error: BaseException) -> None:
    """Raise Ctrl-C or SIGTERM again, if what failed was only the cleaning up after it.

    Who ends a whole process group ends the starter, too, and what is said to it then fails.
    """
    cause = error.__context__
    while cause is not None:
        if isinstance(cause, KeyboardInterrupt | SystemExit):
            raise cause
        cause = cause.__context__


def wall_ahead_ns() -> int:
    """By how much the wall clock is ahead of the monotonic one."""
    return time.time_ns() - time.monotonic_ns()


def check(run: Run, code: int) -> None:
    """Only a start that printed something and did not fail may be counted."""
    if code or not run.record.output_ns:
        plan = run.record.plan
        raise RealRunError(
            f"{plan.isolation}: the image's command printed nothing or failed (exit code {code}); "
            "measuring needs a command that greets, see examples/hello"
        )
