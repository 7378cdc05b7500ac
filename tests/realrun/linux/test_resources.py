"""Limits of the specification as the files of both cgroup versions take them."""

from __future__ import annotations

import pytest

from realrun.errors import UsageError
from realrun.linux import resources

WANTED = {
    "memory": {"limit": 100, "swap": 300, "reservation": 50, "swappiness": 0},
    "cpu": {"shares": 2, "quota": -1, "period": 50000, "cpus": "0-1", "mems": "0", "idle": 1},
    "pids": {"limit": 7},
    "blockIO": {"weight": 1000, "throttleReadBpsDevice": [{"major": 8, "minor": 0, "rate": 9}]},
    "hugepageLimits": [{"pageSize": "2MB", "limit": 5}],
}
V1 = {
    "cpu.shares": "2",
    "cpu.cfs_period_us": "50000",
    "cpu.cfs_quota_us": "-1",
    "cpu.idle": "1",
    "memory.limit_in_bytes": "100",
    "memory.memsw.limit_in_bytes": "300",
    "memory.soft_limit_in_bytes": "50",
    "memory.swappiness": "0",
    "pids.max": "7",
    "blkio.weight": "1000",
    "blkio.throttle.read_bps_device": "8:0 9",
    "cpuset.cpus": "0-1",
    "cpuset.mems": "0",
    "hugetlb.2MB.limit_in_bytes": "5",
}
V2 = {
    "cpu.weight": "1",
    "cpu.max": "max 50000",
    "cpu.idle": "1",
    "memory.max": "100",
    "memory.swap.max": "200",
    "memory.low": "50",
    "pids.max": "7",
    "io.weight": "default 10000",
    "io.max": "8:0 rbps=9",
    "cpuset.cpus": "0-1",
    "cpuset.mems": "0",
    "hugetlb.2MB.max": "5",
}


@pytest.mark.parametrize(("version", "expected"), [("v1", V1), ("v2", V2)])
def test_every_limit_has_its_file(version, expected):
    assert {file: text for _, file, text in resources.settings(version, WANTED)} == expected


@pytest.mark.parametrize("version", ["v1", "v2"])
def test_nothing_and_zero_leave_the_kernels_default(version):
    nothing = {"memory": {"limit": 0}, "cpu": {"shares": 0}, "pids": {"limit": 0},
               "blockIO": {"weight": 0}}  # fmt: skip
    assert resources.settings(version, {}) == resources.settings(version, nothing) == []


def test_unlimited_is_said_in_each_versions_words():
    wanted = {"memory": {"limit": -1, "swap": -1}}
    assert {text for _, _, text in resources.settings("v1", wanted)} == {"-1"}
    assert {text for _, _, text in resources.settings("v2", wanted)} == {"max"}


@pytest.mark.parametrize(
    ("version", "wanted", "said"),
    [
        ("v1", {"unified": {"memory.high": "1"}}, "cgroup version 2"),
        ("v2", {"unified": {"../x": "1"}}, "no name of a file"),
        ("v2", {"memory": {"limit": 9, "swap": 8}}, "swap includes memory"),
        ("v2", {"cpu": {"realtimeRuntime": 1}}, "real-time"),
        ("v2", {"memory": {"disableOOMKiller": True}}, "OOM killer"),
    ],
)
def test_what_a_version_cannot_do_is_refused(version, wanted, said):
    with pytest.raises(UsageError, match=said):
        resources.settings(version, wanted)


def test_the_unified_ones_are_written_as_they_are():
    wanted = {"unified": {"memory.high": "max", "new.thing": "1 2"}}
    assert resources.settings("v2", wanted) == [
        ("memory", "memory.high", "max"),
        ("new", "new.thing", "1 2"),
    ]
