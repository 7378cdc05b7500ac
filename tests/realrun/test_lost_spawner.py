"""The Python interface loses its spawner: it says so in one line, and goes on with another."""

from __future__ import annotations

from threading import Thread

import pytest

import realrun
from realrun import handles
from realrun.runtime.client import SpawnerDied
from tests.realrun.stage import alive, everything_left, kill, until

pytestmark = pytest.mark.overlay


@pytest.fixture
def victim(root):
    """The session's spawner, which has run something."""
    assert realrun.run("hello", "true").exit_code == 0
    yield handles.spawner().process
    assert realrun.run("hello", "true").exit_code == 0
    assert realrun.containers(all=True) == []


def test_between_two_requests(victim, root):
    kill(victim.pid)
    victim.wait()
    assert "Hello" in realrun.run("hello").output
    assert handles.spawner().process.pid != victim.pid
    assert everything_left(root) == []


def test_in_the_moment_of_a_request(victim, root):
    """It is not known yet that it has died."""
    kill(victim.pid)
    until(lambda: not alive(victim.pid), "it has died")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(victim, "poll", lambda: None)
        with pytest.raises(SpawnerDied, match="the spawner process has died"):
            realrun.run("hello")
    victim.wait()


@pytest.mark.parametrize("kept", [False, True])
def test_in_the_middle_of_a_run(victim, root, kept):
    """What ran dies with it; a container that is kept says so and can be started again."""
    name = {"name": "kept"} if kept else {}
    with pytest.raises(SpawnerDied, match="the spawner process has died"):
        realrun.run("hello", "sh", "-c", "kill -9 $PPID; sleep 1000", isolation="process", **name)
    victim.wait()
    assert realrun.run("hello", "true").exit_code == 0
    assert everything_left(root) == []


def test_in_the_middle_of_a_kept_containers_run(victim, root):
    def murder() -> None:
        until(lambda: box.status == "running", "it runs")
        kill(victim.pid)

    with realrun.create("hello", "sleep", "1000") as box:
        thread = Thread(target=murder)
        thread.start()
        with pytest.raises(SpawnerDied):
            box.attach()
        thread.join()
        victim.wait()
        assert (box.status, box.exit_code) == ("exited", 125)
        assert "spawner process has died" in box.inspect()["State"]["Error"]
        assert box.start().stop(0) == 137
