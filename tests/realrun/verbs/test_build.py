"""`realrun build` with real containers: what is shown, what is stopped, what is left."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from tests.realrun.stage import cli, everything_left, instances, started, until

pytestmark = pytest.mark.overlay

SLEEP = "RUN echo at work && sleep 1000"


@pytest.fixture
def context(tmp_path: Path):
    def context(text: str) -> str:
        (tmp_path / "Dockerfile").write_text(text)
        return str(tmp_path)

    return context


def test_lines_of_two_stages_say_whose_they_are(root, context):
    text = "FROM hello AS a\nRUN printf 'one\\ntwo'\nFROM hello\nCOPY --from=a /etc /x\nRUN echo me"
    done = cli("build", "--no-cache", context(text))
    assert done.returncode == 0, done.stderr
    said = [line for line in done.stderr.splitlines() if " | " in line]
    assert sorted(said) == ["[a 2/2] | one", "[a 2/2] | two", "[stage-1 3/3] | me"]
    done = cli("build", context("FROM hello\nRUN printf 'one\\ntwo'; exit 3"))
    assert done.returncode == 1
    assert "[2/2] RUN printf" in done.stderr
    assert "\n    | one\n    | two\n" in done.stderr


def test_a_stage_that_fails_ends_the_others(root, context):
    text = f"FROM hello AS slow\n{SLEEP}\nFROM hello AS bad\nRUN exit 7\n"
    text += "FROM hello\nCOPY --from=slow /x /\nCOPY --from=bad /x /\n"
    before = instances(root)
    done = cli("build", context(text))
    assert done.returncode == 1
    assert "exit code 7" in done.stderr
    assert everything_left(root) == []
    assert instances(root) == before


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_ends_all_stages(root, context, number):
    text = f"FROM hello AS a\n{SLEEP} 1\nFROM hello AS b\n{SLEEP} 2\nFROM hello\n"
    text += "COPY --from=a /x /\nCOPY --from=b /x /\n"
    with started("build", context(text)) as process:
        assert process.stderr is not None
        lines: list[str] = []

        def both_are_at_work() -> bool:
            lines.append(process.stderr.readline())  # type: ignore[union-attr]
            return sum("| at work" in line for line in lines) == 2

        until(both_are_at_work, "two stages at work")
        os.kill(process.pid, number)
        process.communicate()
        assert process.returncode == 128 + number
    assert everything_left(root) == []
