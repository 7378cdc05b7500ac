"""Limits and devices of real containers, on whichever version of control groups is here.

`tests/realrun/guest/test_version2.py` runs this file in a guest, whose kernel has version 2 alone.
"""

from __future__ import annotations

import os
import stat

import pytest

from realrun import engine
from realrun.errors import RealRunError
from realrun.linux import cgroups, processes, usage
from realrun.linux.inroot import held
from realrun.linux.usage import table
from realrun.runtime import inside
from realrun.runtime.devices import Device
from realrun.runtime.limitwords import counts_swap
from realrun.runtime.run import drive
from realrun.runtime.start import Inside
from tests.realrun.linux.limited import HERE, MIB, NEEDED, V2, going_on, said
from tests.realrun.stage import until

pytestmark = NEEDED


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
