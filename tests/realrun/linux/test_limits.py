"""Limits, devices and ends of real containers, on whichever version of control groups is here.

`tests/realrun/guest/test_version2.py` runs this file in a guest, whose kernel has version 2 alone.
"""

from __future__ import annotations

import os
import signal
import stat
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from realrun import api, engine
from realrun.errors import RealRunError
from realrun.linux import cgroups, processes, usage
from realrun.linux.inroot import held
from realrun.linux.usage import table
from realrun.runtime import inside, state
from realrun.runtime.devices import Device
from realrun.runtime.limitwords import counts_swap
from realrun.runtime.run import Run, drive
from realrun.runtime.start import Inside
from tests.realrun.stage import NO_TRACES, alive, traces, until

pytestmark = [pytest.mark.root, pytest.mark.cgroup, pytest.mark.overlay]
HERE = cgroups.detect()
V2 = HERE.version == "v2"
MIB = 1 << 20


@pytest.fixture(autouse=True)
def _able():
    if not HERE.writable:
        pytest.skip("the tops of the hierarchies are not ours to write to")


@contextmanager
def going_on(stage, *words, **wishes) -> Iterator[Run]:
    """An instance that runs."""
    run = stage.begin(*(words or ("sleep", "1000")), **wishes)
    try:
        drive([run], stage.starter, until=Run.begun)
        yield run
    finally:
        engine.stop(run, stage.starter)


def said(run: Run, controller: str, file: str) -> list[str]:
    """The words of a file of the instance's group."""
    [folder] = cgroups.folders(HERE, run.id, [controller])
    return cgroups.read_words(f"{folder}/{file}")


def disk() -> str:
    """A whole disk of this machine, as its node."""
    for name in sorted(os.listdir("/sys/block")):
        node = f"/dev/{name}"
        if os.path.exists(node) and stat.S_ISBLK(os.stat(node).st_mode):
            return node
    pytest.skip("no block device here")


def numbers(node: str) -> str:
    """Major and minor of a device."""
    rdev = os.stat(node).st_rdev
    return f"{os.major(rdev)}:{os.minor(rdev)}"


def test_limits_are_in_the_files_of_this_version(stage):
    limits = {"memory_bytes": 64 * MIB, "reservation_bytes": 32 * MIB, "pids": 9,
              "cpu_milli": 500, "cpu_shares": 512, "cpuset": "0"}  # fmt: skip
    v1 = {
        ("memory", "memory.limit_in_bytes"): [str(64 * MIB)],
        ("memory", "memory.soft_limit_in_bytes"): [str(32 * MIB)],
        ("pids", "pids.max"): ["9"],
        ("cpu", "cpu.cfs_quota_us"): ["50000"],
        ("cpu", "cpu.shares"): ["512"],
        ("cpuset", "cpuset.cpus"): ["0"],
    }
    v2 = {
        ("memory", "memory.max"): [str(64 * MIB)],
        ("memory", "memory.low"): [str(32 * MIB)],
        ("pids", "pids.max"): ["9"],
        ("cpu", "cpu.max"): ["50000", "100000"],
        ("cpu", "cpu.weight"): ["20"],
        ("cpuset", "cpuset.cpus"): ["0"],
    }
    if counts_swap():
        v1["memory", "memory.memsw.limit_in_bytes"] = [str(128 * MIB)]
        v2["memory", "memory.swap.max"] = [str(64 * MIB)]
    expected = v2 if V2 else v1
    with going_on(stage, limits=limits) as run:
        assert {where: said(run, *where) for where in expected} == expected


def test_rates_of_a_disk_are_limited(stage):
    rates = {"read_bps": {disk(): 1 * MIB}, "write_iops": {disk(): 50}}
    with going_on(stage, limits=rates) as run:
        if V2:
            found = said(run, "io", "io.max")
            assert {numbers(disk()), f"rbps={MIB}", "wiops=50", "wbps=max"} <= {*found}
        else:
            read = said(run, "blkio", "blkio.throttle.read_bps_device")
            assert read == [numbers(disk()), str(MIB)]
            written = said(run, "blkio", "blkio.throttle.write_iops_device")
            assert written == [numbers(disk()), "50"]


def test_a_weight_of_the_disks_is_set_or_refused_never_passed_over(stage):
    controller, file = ("io", "io.weight") if V2 else ("blkio", "blkio.weight")
    [folder] = cgroups.folders(HERE, "weighed", [controller])
    cgroups.create(HERE, "weighed", {})
    cgroups.make(HERE, folder, [controller])
    known = os.path.exists(f"{folder}/{file}")
    cgroups.remove(HERE, "weighed")
    if known:
        with going_on(stage, limits={"io_weight": 1000}) as run:
            assert said(run, controller, file)[-1] == ("10000" if V2 else "1000")
    else:
        with pytest.raises(RealRunError, match=f"no {file}: leave that limit out"):
            stage.run("true", limits={"io_weight": 1000})


def test_a_disk_that_is_none_is_refused(stage):
    with pytest.raises(RealRunError, match="/dev/null: it is no block device"):
        stage.run("true", limits={"read_bps": {"/dev/null": 5}})


def test_a_processor_is_shared_out(stage):
    """A tenth of one: whoever wants all of it is held back again and again."""
    with going_on(stage, "sh", "-c", "while :; do :; done", limits={"cpu_milli": 100}) as run:
        until(lambda: int(table(said(run, "cpu", "cpu.stat"))["nr_throttled"]), "it is held back")


def test_memory_is_counted_and_looks_like_the_root_from_inside(stage):
    """Where the group hangs on this machine is nobody's business in there."""
    with going_on(stage) as run:
        assert (usage.charged_bytes(HERE, run.id) or 0) > 0
    assert "realrun" not in stage.sh("cat /proc/self/cgroup")


class TestDevices:
    """What a node may be opened for is the group's matter, whoever can make it."""

    def raw(self) -> str:
        """A script that makes a node of a disk and reads from it."""
        return f"mknod /d b {numbers(disk()).replace(':', ' ')} && echo made; head -c 1 /d"

    def test_a_raw_disk_cannot_be_opened_by_whoever_can_make_its_node(self, stage):
        done = stage.run("sh", "-c", f"{self.raw()}; : > /d")
        assert done.out == "made\n"
        assert done.err.count("Operation not permitted") == 2

    def test_what_every_container_has_is_open(self, stage):
        script = "for n in null zero full random urandom tty; do [ $n = tty ] || : < /dev/$n; done"
        assert stage.sh(f"{script}; : > /dev/null; mknod /n c 1 3; : > /n; echo all") == "all\n"

    def test_a_device_is_given_for_what_is_asked(self, stage):
        given = (Device(disk(), "/dev/mine", "r"), Device("/dev/null", "/a/b/null", "rwm"))
        script = "ls -l /dev/mine | cut -c1; head -c 0 /dev/mine && : > /dev/mine; : > /a/b/null"
        done = stage.run("sh", "-c", script, devices=given)
        assert done.out == "b\n"
        assert done.err.count("Operation not permitted") == 1

    def test_a_device_that_is_not_there_is_refused(self, stage):
        with pytest.raises(RealRunError, match="--device /dev/none: No such file"):
            stage.run("true", devices=(Device("/dev/none", "/d"),))

    def test_exec_is_under_the_same_rules(self, stage, root):
        with going_on(stage) as run:
            folder, said = root / "instances" / run.id, bytearray()
            into = inside.Container(run.id, run.record.pid, str(folder))
            spec = engine.spec_for(stage.image, engine.Wishes(words=("sh", "-c", self.raw())))
            with held(processes.pidfd(run.record.pid)) as pidfd:
                entered = Inside(into, pidfd, str(folder / "upper"))
                more = engine.begin_exec(spec, entered, stage.starter, said.extend, said.extend)
                drive([more], stage.starter)
            assert b"Operation not permitted" in said


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
        engine.stop(run, stage.starter)
    assert traces(root, run.id) == NO_TRACES


@pytest.mark.skipif(NO_FREEZER, reason="no freezer is mounted")
def test_a_frozen_container_is_removed_by_force(root):
    box = api.run("hello", "sleep", "1000", detach=True)
    with frozen(box.inspect()["State"]["Pid"], box.id):
        box.remove(force=True)
    assert traces(root, box.id) == NO_TRACES
    assert box.status == "removed"


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
