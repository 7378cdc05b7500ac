"""Killed at any moment: a signal leaves nothing behind, what `kill -9` leaves `prune` removes."""

from __future__ import annotations

import signal
import time

import pytest

from realrun.runtime import state
from realrun.runtime.run import drive
from tests.realrun.stage import (
    NO_TRACES,
    alive,
    cli,
    everything_left,
    instances,
    started,
    traces,
    until,
)

pytestmark = pytest.mark.overlay
# From before the first line of Python to long after the line, where this machine is quick.
MOMENTS_MS = (1, 15, 30, 45, 55, 65, 75, 85, 100, 130)
ANY = [
    pytest.param("process"),
    pytest.param("container"),
    pytest.param("uml", marks=[pytest.mark.uml, pytest.mark.slow]),
]
LAST_LINE = "fi\n"


def waiting(isolation: str, *options: str):
    """An instance that says a line and stays, deaf from its first moment.

    A shell that runs a script has a handler for Ctrl-C until it is replaced.
    """
    program = ["tail", "-n", "1", "-f", "/app/hello.sh"]
    return started("run", "--isolation", isolation, *options, "hello", *program)


@pytest.mark.parametrize("isolation", ANY)
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_the_run_without_a_trace(root, isolation, number):
    """Ctrl-C, kill, a closed terminal; the program is deaf to all of them."""
    with waiting(isolation) as process:
        assert process.stdout.readline() == LAST_LINE
        (instance,) = instances(root)
        process.send_signal(number)
        _, errors = process.communicate()
    assert "Traceback" not in errors
    assert process.returncode > 128
    assert traces(root, instance) == NO_TRACES


@pytest.mark.parametrize("isolation", ["process", "container"])
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("after_ms", MOMENTS_MS)
def test_a_signal_at_any_moment_of_the_start(root, isolation, number, after_ms):
    """Before, within and after every step of the plan."""
    with waiting(isolation) as process:
        time.sleep(after_ms / 1000)
        process.send_signal(number)
        process.communicate()
    assert process.returncode != 0
    until(lambda: everything_left(root) == [], f"nothing is left: {everything_left(root)}")


@pytest.mark.parametrize("isolation", ["process", "container"])
@pytest.mark.parametrize("after_ms", MOMENTS_MS)
def test_kill_9_at_any_moment_and_then_prune(root, isolation, after_ms):
    """Nobody could clean up; processes end by themselves, the rest is found and removed. One that
    is still ending is left to the next `prune`."""
    with waiting(isolation) as process:
        time.sleep(after_ms / 1000)
        process.kill()
        process.communicate()
    left = instances(root)
    until(lambda: state.prune(root) or not instances(root), "what is left is found")
    until(lambda: state.prune(root) == [] and everything_left(root) == [], "nothing is left")
    assert [traces(root, instance) for instance in left] == [NO_TRACES] * len(left)


@pytest.mark.parametrize("isolation", ANY)
def test_kill_9_of_a_running_engine_and_then_prune(root, isolation):
    """Every process dies with its engine; `realrun prune` takes folder and control group."""
    with waiting(isolation) as process:
        assert process.stdout.readline() == LAST_LINE
        (instance,) = instances(root)
        running = state.processes_of(instance)
        assert running != []
        process.kill()
        process.communicate()
    until(lambda: not any(map(alive, running)), "all processes end")
    done = cli("prune")
    assert (done.returncode, done.stderr) == (0, "")
    assert f"instance {instance[:12]}" in done.stdout
    assert traces(root, instance) == NO_TRACES


@pytest.mark.parametrize("isolation", ANY)
def test_prune_leaves_a_running_instance_alone(root, isolation):
    """And the layers under it: it can still run what it has not run yet."""
    with waiting(isolation) as process:
        assert process.stdout.readline() == LAST_LINE
        (instance,) = instances(root)
        before = traces(root, instance)
        assert cli("prune").returncode == 0
        after = traces(root, instance)
        assert before.pop("processes")
        assert after.pop("processes")
        assert after == before
        assert process.poll() is None
        process.send_signal(signal.SIGTERM)
        process.communicate()


def test_starting_and_pruning_at_once(stage, root):
    """An instance is never taken for a leftover, not even in its first moment."""
    with started("run", "hello", "sleep", "1000") as other:
        for _ in range(30):
            run = stage.begin("true")
            state.prune(root)
            drive([run], stage.starter)
            run.close()
            assert (run.record.code, run.record.failure) == (0, None)
        other.send_signal(signal.SIGTERM)
        other.communicate()


def test_a_program_may_end_in_its_own_way(root):
    """It hears the signal first, and its own exit code is the answer."""
    script = "trap 'echo bye; exit 7' TERM; echo ready; while :; do sleep 0.01; done"
    with started("run", "hello", "sh", "-c", script) as process:
        assert process.stdout.readline() == "ready\n"
        process.send_signal(signal.SIGTERM)
        said, _ = process.communicate()
    assert (process.returncode, said) == (7, "bye\n")
