"""Ends of real containers that their control groups have a part in, on whichever version is here.

`tests/realrun/guest/test_version2.py` runs this file in a guest, whose kernel has version 2 alone.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from realrun import api
from realrun.linux import cgroups, usage
from realrun.oci import groups
from realrun.runtime import state
from realrun.runtime.limitwords import counts_swap
from realrun.runtime.run import stop
from tests.realrun.linux.limited import HERE, MIB, NEEDED, V2, going_on, said
from tests.realrun.stage import HANG_S, NO_TRACES, PROJECT, alive, traces, until

pytestmark = NEEDED


class TestOutOfMemory:
    """137 for the first process; a child that was killed is told of, too, as Docker does."""

    @pytest.fixture
    def ended(self, root):
        """A function: what `inspect` says of a script that has run with 16 MiB and no swap."""
        boxes = []

        def run(script: str) -> tuple[int, bool]:
            limits = {"memory_bytes": 16 * MIB}
            if counts_swap():
                limits["swap_bytes"] = 16 * MIB
            boxes.append(api.create("hello", "sh", "-c", script, limits=limits))
            boxes[-1].attach()
            state = boxes[-1].inspect()["State"]
            return state["ExitCode"], state["OOMKilled"]

        yield run
        for box in boxes:
            box.remove()
            assert traces(root, box.id) == NO_TRACES

    @pytest.mark.parametrize(
        ("script", "expected"),
        [
            ("exec tail /dev/zero", (137, True)),
            ("tail /dev/zero; exit 5", (5, True)),
            ("exit 5", (5, False)),
            ("sleep 1000 & kill -9 $!; wait $!", (137, False)),
        ],
    )
    def test_it_is_told_from_other_ends(self, ended, script, expected):
        assert ended(script) == expected


def test_swap_is_limited_with_memory(stage):
    """20 MiB fit into 16 of memory and as much swap, which is Docker's rule, and not without."""
    if len(Path("/proc/swaps").read_text().splitlines()) < 2:
        pytest.skip("this machine has no swap")
    hungry = "head -c 20971520 /dev/zero | tail -c 20971520 > /dev/null"
    assert stage.run("sh", "-c", hungry, limits={"memory_bytes": 16 * MIB}).code == 0
    tight = {"memory_bytes": 16 * MIB, "swap_bytes": 16 * MIB}
    assert stage.run("sh", "-c", hungry, limits=tight).code == 137


def test_a_fork_bomb_harms_nobody_else(stage, root):
    """The limit is reached, others start programs meanwhile, and one kill ends all of it."""
    bomb = "(x() { sleep 1000 & x | x & }; x) & exec sleep 1000"  # each makes two more, for ever
    with going_on(stage, "sh", "-c", bomb, limits={"pids": 50}) as run:
        until(lambda: said(run, "pids", "pids.events")[1] != "0", "the limit is reached")
        assert stage.sh("echo another") == "another\n"
        members = usage.members(HERE, run.id) or []
    assert len(members) > 1
    assert [pid for pid in members if alive(pid) and state.belongs(pid, run.id)] == []
    assert traces(root, run.id) == NO_TRACES


@contextmanager
def frozen(pid: int, instance: str) -> Iterator[None]:
    """A process, stopped by the freezer of this version as somebody else would do it."""
    if V2:
        [group] = cgroups.folders(HERE, instance)
        file, stop, made = f"{group}/cgroup.freeze", "1", ""
    else:
        made = f"{HERE.trees['freezer']}/test-{instance[:12]}"
        os.mkdir(made)
        cgroups.write(f"{made}/cgroup.procs", str(pid))
        file, stop = f"{made}/freezer.state", "FROZEN"
    cgroups.write(file, stop)
    try:
        yield
    finally:
        if made:
            until(lambda: cgroups.removed(made), "nobody is in it any more")


NO_FREEZER = not V2 and "freezer" not in HERE.trees


@pytest.mark.skipif(NO_FREEZER, reason="no freezer is mounted")
def test_a_frozen_instance_is_killed(stage, root):
    with going_on(stage) as run, frozen(run.record.pid, run.id):
        stop(run, stage.starter)
    assert traces(root, run.id) == NO_TRACES


@pytest.mark.skipif(NO_FREEZER, reason="no freezer is mounted")
def test_a_frozen_container_is_removed_by_force(root):
    box = api.run("hello", "sleep", "1000", detach=True)
    with frozen(box.inspect()["State"]["Pid"], box.id):
        box.remove(force=True)
    assert traces(root, box.id) == NO_TRACES
    assert box.status == "removed"


ROUNDS = """
import sys
sys.path.insert(0, sys.argv[1])
from realrun.linux import cgroups
here = cgroups.detect()
for _ in range(30):
    cgroups.create(here, sys.argv[2], {"pids": {"limit": 9}, "memory": {"limit": 1 << 26}})
    cgroups.remove(here, sys.argv[2])
    cgroups.remove_parent(here)
"""


def test_a_group_is_whole_though_others_take_away_the_one_above():
    """Whoever is last removes it, also while the next one is on the way into it."""
    racers = [
        subprocess.Popen([sys.executable, "-c", ROUNDS, str(PROJECT), f"racer-{os.getpid()}-{n}"])
        for n in range(3)
    ]
    assert [one.wait(HANG_S) for one in racers] == [0, 0, 0]


def test_a_bundles_groups_are_made_limited_and_removed():
    """Those of `realrun oci`, in every tree, below one of its own."""
    path = f"test-{os.getpid()}/below"
    made = groups.create(groups.planned(path), path)
    try:
        groups.limit(made, {"pids": {"limit": 5}, "cpu": {"cpus": "0"}})
        assert cgroups.read_words(f"{made.of('pids')}/pids.max") == ["5"]
        with subprocess.Popen(["sleep", "1000"]) as sleeper:
            for folder in made.folders.values():
                cgroups.write(f"{folder}/cgroup.procs", str(sleeper.pid))
            groups.kill_all(made)
            assert sleeper.wait() == -signal.SIGKILL
    finally:
        groups.remove(made)
    assert [folder for folder in made.made if os.path.exists(folder)] == []


def test_groups_made_inside_go_with_the_group():
    """Whoever may mount the groups can make more of them and hide processes there."""
    name = f"test-{os.getpid()}"
    cgroups.create(HERE, name, {})
    [group] = cgroups.folders(HERE, name, ["memory"])
    os.makedirs(f"{group}/a/b")
    with subprocess.Popen(["sleep", "1000"]) as hidden:
        cgroups.write(f"{group}/a/b/cgroup.procs", str(hidden.pid))
        cgroups.remove(HERE, name)
        assert hidden.wait() == -signal.SIGKILL
    assert not os.path.exists(group)
