"""What lies on disk: made whole, found again by its id, taken away completely."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from realrun.runtime import state
from tests.realrun.stage import until

ID = "0123456789abcdef0123456789abcdef"


def test_a_new_folder_is_locked_from_its_first_moment(tmp_path):
    """`prune` in the next moment leaves it alone; without its lock it is a leftover."""
    claim = state.create(tmp_path, ID)
    assert state.prune(tmp_path) == []
    os.close(claim.lock_fd)
    assert state.prune(tmp_path) == [ID]
    assert os.listdir(tmp_path / "instances") == []


def test_pruning_twice_or_nothing_is_no_error(tmp_path):
    assert state.prune(tmp_path / "never made") == []
    os.close(state.create(tmp_path, ID).lock_fd)
    assert (state.prune(tmp_path), state.prune(tmp_path)) == ([ID], [])


def test_an_id_is_used_once(tmp_path):
    os.close(state.create(tmp_path, ID).lock_fd)
    with pytest.raises(FileExistsError):
        state.create(tmp_path, ID)


def test_links_out_of_the_folder_are_not_followed(tmp_path):
    """What an instance's links point to is not ours to remove."""
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "precious").touch()
    claim = state.create(tmp_path, ID)
    os.symlink(outside, f"{claim.folder}/link")
    os.mkdir(f"{claim.folder}/work")
    os.mkdir(f"{claim.folder}/work/work", 0)  # as overlay leaves it
    os.mkfifo(f"{claim.folder}/pipe")
    state.remove(claim.folder, with_cgroup=False)
    os.close(claim.lock_fd)
    assert os.listdir(tmp_path / "instances") == []
    assert os.listdir(outside) == ["precious"]


def test_a_process_is_known_by_its_mark(tmp_path):
    """A guest's monitor carries the id in its environment; others are not touched."""
    command = [sys.executable, "-S", "-c", "import signal; signal.pause()"]
    with (
        subprocess.Popen(command, env={state.MARK: ID}) as ours,
        subprocess.Popen(command, env={state.MARK: "another"}) as other,
    ):
        try:
            until(lambda: state.processes_of(ID) == [ours.pid], "the marked process is found")
            assert state.kill_processes(ID) == 1
            assert ours.wait() == -9
            assert other.poll() is None
            assert state.processes_of(ID) == []
        finally:
            other.kill()
            ours.kill()


def test_a_process_that_has_ended_belongs_to_nobody():
    with subprocess.Popen(["true"]) as process:
        process.wait()
        assert not state.belongs(process.pid, ID)
