"""One run as its caller sees it: ready, over, late, and whose descriptors are whose."""

from __future__ import annotations

import os
import time

import pytest

from realrun.runtime.plan import CHILD, FIRST_OUTPUT, Plan, Step
from realrun.runtime.record import Record
from realrun.runtime.run import Run, drive, ignore

PLAN = Plan("id", "container", "none", (Step("exec", "", CHILD, "exec"), FIRST_OUTPUT))


class Tape:
    """A starter that starts nothing: it tells what a test puts in, and keeps what it is asked."""

    def __init__(self) -> None:
        self.reader, self.writer = os.pipe()
        self.told: list[dict] = []
        self.asked: list[tuple] = []

    def tell(self, **event: object) -> None:
        self.told.append({"id": "id"} | event)
        os.write(self.writer, b"x")

    def fileno(self) -> int:
        return self.reader

    def events(self, timeout_s: float | None = None) -> list[dict]:
        os.read(self.reader, 99)
        told, self.told = self.told, []
        return told

    def signal(self, instance: str, number: int) -> None:
        self.asked.append((instance, number))
        if number == 9:
            self.tell(event="exited", code=137, cpu_s=0.0, oom=False, exit_ns=1, removed_ns=2)


RUNNING = {
    "event": "running",
    "pid": 4,
    "exec": [0, 3, 0],
    "engine_cpu_ns": 0,
    "engine": [[0, 1, 0]],
    "child": [[0, 2, 0]],
}  # fmt: skip


@pytest.fixture
def tape():
    tape = Tape()
    yield tape
    os.close(tape.reader)
    os.close(tape.writer)


def run(**more) -> Run:
    return Run(record=Record(plan=PLAN, requested_ns=0), **more)


def test_ready_is_output_and_identity_whichever_comes_first(tape):
    """The output comes by a pipe, the process's number by the spawner: memory is read of both."""
    one = run()
    one.output(b"hello")
    assert not one.ready()
    tape.tell(**RUNNING)
    drive([one], tape, until=Run.ready)
    assert (one.record.pid, one.ready(), one.over()) == (4, True, False)


def test_no_output_is_no_first_output():
    one = run()
    one.output(b"")
    assert one.record.output_ns == 0


def test_a_run_is_over_when_it_has_ended_and_all_is_heard(tape):
    """What lies in the pipe when the end is told is not lost."""
    reader, writer = os.pipe()
    heard: list[bytes] = []
    one = run(sources={reader: heard.append})
    os.write(writer, b"last words")
    os.close(writer)
    tape.tell(event="exited", code=3, cpu_s=0.0, oom=False, exit_ns=1, removed_ns=2)
    drive([one], tape)
    assert (one.record.code, heard, one.sources) == (3, [b"last words", b""], {})


def test_who_is_late_is_killed_and_told_so(tape):
    """The one past its deadline, not the other."""
    late, patient = run(deadline_s=time.monotonic() - 1), run()
    drive([late], tape)
    assert tape.asked == [("id", 9)]
    assert late.record.failure == (0, 0, "instance id did not get on within its time")
    tape.tell(event="exited", code=0, cpu_s=0.0, oom=False, exit_ns=1, removed_ns=2)
    drive([patient], tape)
    assert (patient.record.failure, len(tape.asked)) == (None, 1)


def test_letting_go_twice_closes_once():
    """A number that somebody else has got meanwhile is not closed."""
    reader, writer = os.pipe()
    one = run(sources={reader: ignore})
    one.close()
    again = os.dup(writer)
    one.close()
    assert os.write(again, b"") == 0
    os.close(again)
    os.close(writer)
