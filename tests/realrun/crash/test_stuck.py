"""What does not go on: every command ends by its deadline, and says what it waits for."""

from __future__ import annotations

import fcntl
import os
import signal

import pytest

from realrun.containers import committing, signals
from realrun.containers.registry import Registry
from realrun.errors import RealRunError
from realrun.files import workspace
from realrun.linux import cgroups, freezer
from tests.realrun.crash import stuckfs
from tests.realrun.stage import HANG_S, cli, everything_left

pytestmark = pytest.mark.overlay


@pytest.fixture
def runs(root):
    """A container that runs, and is deaf to SIGTERM."""
    registry = Registry(root)
    cli(
        "run",
        "-d",
        "--name",
        "deaf",
        "hello",
        "sh",
        "-c",
        "trap '' TERM; while :; do sleep 1; done",
    )
    yield registry.find("deaf")
    assert cli("rm", "-f", "deaf").returncode == 0
    assert everything_left(root) == []


def parent_of(pid: int) -> int:
    with open(f"/proc/{pid}/stat", encoding="utf-8") as file:
        return int(file.read().rpartition(")")[2].split()[1])


def test_who_is_deaf_to_sigterm_is_killed_in_the_end(root, runs):
    assert cli("stop", "-t", "1", "deaf").returncode == 0
    assert Registry(root).state(runs).exit_code == 137


@pytest.mark.root
@pytest.mark.cgroup
def test_a_frozen_one_is_stopped(root, runs):
    """It hears nothing, and in version 1 not even SIGKILL, until it is let go on."""
    here = cgroups.detect()
    freezer.freeze(here, freezer.folder_of(here, runs.id), lambda: committing.pids(runs))
    assert cli("stop", "-t", "1", "deaf").returncode == 0
    assert Registry(root).state(runs).exit_code == 137


def test_a_watcher_that_stands_still_is_named(root, runs, monkeypatch):
    """The container has been killed; it is cleaned up after as soon as the watcher goes on."""
    registry = Registry(root)
    watcher = parent_of(registry.state(runs).pid)
    os.kill(watcher, signal.SIGSTOP)
    monkeypatch.setattr(signals, "PATIENCE_S", 0.5)
    try:
        with pytest.raises(RealRunError, match=r"was killed and has not ended after .* in state Z"):
            signals.kill(registry, runs, signal.SIGKILL)
    finally:
        os.kill(watcher, signal.SIGCONT)
    assert registry.wait(runs) == 137


@pytest.mark.root
@pytest.mark.skipif(not os.path.exists("/dev/fuse"), reason="no FUSE here to get stuck in")
def test_who_waits_for_a_file_system_that_is_stuck_is_named(root, tmp_path, monkeypatch):
    """Nothing ends it while nobody answers; as soon as that is over it has been killed."""
    registry, place = Registry(root), tmp_path / "stuck"
    place.mkdir()
    monkeypatch.setattr(signals, "PATIENCE_S", 0.5)
    with stuckfs.stuck(place) as waits:
        done = cli("run", "-d", "--name", "slow", "-v", f"{place}:/s", "hello", "cat", "/s/file")
        assert done.returncode == 0, done.stderr
        slow = registry.find("slow")
        assert waits.wait(HANG_S)
        with pytest.raises(RealRunError, match=r"was killed and has not ended after .* in state D"):
            signals.kill(registry, slow, signal.SIGKILL)
        assert cli("ps").returncode == cli("logs", "slow").returncode == 0
        assert cli("prune").returncode == 0
        assert registry.state(slow).pid
    assert registry.wait(slow) == 137
    assert cli("rm", "slow").returncode == 0
    assert everything_left(root) == []


def test_a_lock_that_nobody_lets_go_names_its_holder(root, monkeypatch):
    monkeypatch.setattr(workspace, "GIVE_UP_S", 0.1)
    with open(root / "lock", "rb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        with (
            pytest.raises(RealRunError, match=rf"lock has been held .* by process {os.getpid()}"),
            workspace.locked(root),
        ):
            pass
