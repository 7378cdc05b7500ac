"""Stages side by side: what waits for what, and that an end of one is an end of all."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest

from realrun.build import Job
from realrun.build.bench import Steps
from realrun.build.sidebyside import carry_out
from realrun.errors import DockerfileError
from tests.realrun.build.workshop import Workshop, files_only

DIAMOND = """
FROM base AS a
RUN write a A
FROM base AS b
RUN write b B
FROM a AS c
COPY --from=b b /
RUN write c C
FROM base
COPY --from=c a b c /
"""


class Together:
    """A runner that ends a job only when no more will begin; the last that began ends first."""

    def __init__(self, run_step: Callable[[Job], int]) -> None:
        self.run_step, self.begun = run_step, list[Job]()
        self.tape: list[str] = []

    def begin(self, job: Job) -> None:
        self.begun.append(job)
        self.tape.append("begin " + job.argv[-1])

    def wait(self) -> tuple[Job, int] | None:
        job = self.begun.pop()
        self.tape.append("end " + job.argv[-1])
        return job, self.run_step(job)

    def stop(self) -> None:
        self.tape += ["stop " + job.argv[-1] for job in self.begun]
        self.begun.clear()


@pytest.fixture
def together(shop: Workshop) -> Together:
    return Together(shop.run_step)


def test_independent_stages_run_at_once_and_the_others_wait(shop: Workshop, together: Together):
    image = shop.build(DIAMOND, runner=together)
    assert together.tape == [
        "begin write a A", "begin write b B", "end write b B", "end write a A",
        "begin write c C", "end write c C",
    ]  # fmt: skip
    assert files_only(image) == {"etc/base": "base", "a": "A", "b": "B", "c": "C"}


def test_the_order_of_the_ends_changes_nothing(shop: Workshop, together: Together, monkeypatch):
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1000000000")
    one = shop.build(DIAMOND, no_cache=True, runner=together)
    other = shop.build(DIAMOND, no_cache=True)
    assert one.digest == other.digest


def test_each_event_names_its_stage_and_counts_its_steps(shop: Workshop, together: Together):
    shop.build(DIAMOND, runner=together)
    ends = [(e.stage, e.step, e.steps) for e in shop.events if e.state == "done"]
    assert ends == [
        ("a", 1, 2), ("b", 1, 2), ("stage-3", 1, 2), ("b", 2, 2), ("a", 2, 2),
        ("c", 1, 3), ("c", 2, 3), ("c", 3, 3), ("stage-3", 2, 2),
    ]  # fmt: skip


def test_the_same_step_of_two_stages_is_carried_out_once(shop: Workshop, together: Together):
    text = "FROM base AS a\nRUN x\nFROM base AS b\nRUN x\nRUN y\nFROM a\nCOPY --from=b /etc /b\n"
    shop.build(text, runner=together)
    assert together.tape == ["begin x", "end x", "begin y", "end y"]


def test_a_failing_stage_stops_the_others(shop: Workshop, together: Together):
    text = (
        "FROM base AS a\nRUN long\nFROM base AS b\nRUN fail 3 why\nFROM a\nCOPY --from=b /etc /\n"
    )
    with pytest.raises(DockerfileError, match=r"Dockerfile:4: .*exit code 3"):
        shop.build(text, runner=together)
    assert together.tape == ["begin long", "begin fail 3 why", "end fail 3 why", "stop long"]


def test_a_stage_that_is_stopped_lets_go_of_what_it_holds():
    """And an error while stopping does not hide the first."""
    told: list[str] = []

    def waiting() -> Steps[None]:
        try:
            yield lambda: False
        finally:
            told.append("let go")

    def failing() -> Steps[None]:
        raise DockerfileError("f", 1, "first")
        yield

    class Broken(Together):
        def stop(self) -> None:
            raise OSError("second")

    for runner, notes in ((Together(lambda _: 0), []), (Broken(lambda _: 0), ["second"])):
        with pytest.raises(DockerfileError, match="first") as caught:
            carry_out([waiting(), failing()], runner)
        said: Sequence[str] = getattr(caught.value, "__notes__", [])
        assert [word for word in notes if word not in str(said)] == []
        assert len(said) == len(notes)
    assert told == ["let go"] * 2
