"""Control groups: the layout is read, never guessed; limits go where this version wants them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from realrun.errors import RealRunError
from realrun.linux import cgroups, resources
from realrun.linux.cgroups import Layout

LINE = "{n} 31 0:{n} / {at} rw,relatime shared:{n} - {kind} {source} {options}\n"
OTHERS = LINE.format(n=1, at="/", kind="ext4", source="/dev/a", options="rw,discard")


def mounted(at: Path | str, kind: str, options: str, n: int = 40) -> str:
    """One line of a mountinfo file, as the kernel writes it."""
    Path(at).mkdir(parents=True, exist_ok=True)
    return LINE.format(n=n, at=at, kind=kind, source="none", options=f"rw,{options}")


def v1(top: Path) -> str:
    """Two hierarchies, one with two controllers, and systemd's own without any."""
    return (
        OTHERS
        + mounted(top / "memory", "cgroup", "memory")
        + mounted(top / "cpu,cpuacct", "cgroup", "cpu,cpuacct")
        + mounted(top / "systemd", "cgroup", "xattr,name=systemd")
    )


def v2(top: Path, controllers: str) -> str:
    """A unified tree that owns these controllers."""
    text = mounted(top / "unified", "cgroup2", "nsdelegate")
    (top / "unified/cgroup.controllers").write_text(controllers)
    return text


def test_version_1_has_a_tree_for_each_controller(tmp_path):
    cpu = f"{tmp_path}/cpu,cpuacct"
    trees = {"memory": f"{tmp_path}/memory", "cpu": cpu, "cpuacct": cpu}
    assert cgroups.parse(v1(tmp_path)) == Layout("v1", trees, True)


def test_version_2_has_one_tree_and_says_itself_what_it_controls(tmp_path):
    here = cgroups.parse(OTHERS + v2(tmp_path, "cpuset cpu io memory rdma\n"))
    names = ("memory", "cpu", "cpuacct", "cpuset", "io", "devices")
    assert here == Layout("v2", dict.fromkeys(names, f"{tmp_path}/unified"), True)


def test_in_a_hybrid_version_1_does_the_work(tmp_path):
    here = cgroups.parse(v1(tmp_path) + v2(tmp_path, "hugetlb\n"))
    assert here.version == "hybrid"
    assert here.trees["memory"] == f"{tmp_path}/memory"


def test_a_named_hierarchy_beside_version_2_is_no_hybrid(tmp_path):
    """systemd's tree controls nothing, so version 2 owns everything."""
    named = mounted(tmp_path / "systemd", "cgroup", "xattr,name=systemd")
    assert cgroups.parse(named + v2(tmp_path, "memory pids\n")).version == "v2"


def test_no_control_groups_at_all():
    assert cgroups.parse(OTHERS) == Layout("none", {}, False)


def test_a_tree_that_is_not_there_is_not_ours(tmp_path):
    text = v1(tmp_path)
    (tmp_path / "memory").rmdir()
    assert set(cgroups.parse(text).trees) == {"cpu", "cpuacct"}
    (tmp_path / "cpu,cpuacct").rmdir()
    assert not cgroups.parse(text).writable


def test_an_ordinary_user_stays_below_the_group_that_he_is_in(tmp_path):
    """Of version 1 in each tree another one; what is not his he may not use."""
    for folder in ("memory/mine", "cpu,cpuacct"):
        (tmp_path / folder).mkdir(parents=True)
    membership = "4:memory:/mine\n3:cpu,cpuacct:/gone\n1:name=systemd:/\n0::/other\n"
    here = cgroups.parse(v1(tmp_path), membership)
    assert here == Layout("v1", {"memory": f"{tmp_path}/memory/mine"}, True)


def test_whoever_was_moved_aside_finds_the_same_group_again(tmp_path):
    text = v2(tmp_path, "")
    mine = tmp_path / "unified/user.slice/run.scope"
    mine.mkdir(parents=True)
    (mine / "cgroup.controllers").write_text("memory pids\n")
    for path in ("/user.slice/run.scope", "/user.slice/run.scope/realrun-callers"):
        here = cgroups.parse(text, f"0::{path}\n")
        assert here.trees["memory"] == str(mine)


def test_a_group_has_a_folder_in_each_tree_that_its_limits_need(tmp_path):
    """Memory is always counted; what nobody asked for costs nothing."""
    here = cgroups.parse(v1(tmp_path))
    memory, cpu = f"{tmp_path}/memory/realrun/x", f"{tmp_path}/cpu,cpuacct/realrun/x"
    for limits, expected in (({}, [memory]), ({"cpu_milli": 9, "memory_bytes": 9}, [memory, cpu])):
        needed = cgroups.needed(here.version, resources.of(limits))
        assert cgroups.folders(here, "x", needed) == expected


@pytest.mark.parametrize(
    ("version", "limit", "expected"),
    [
        ("v2", "memory_bytes", [("memory", "memory.max", "1500")]),
        ("v1", "memory_bytes", [("memory", "memory.limit_in_bytes", "1500")]),
        ("hybrid", "memory_bytes", [("memory", "memory.limit_in_bytes", "1500")]),
        ("v2", "pids", [("pids", "pids.max", "1500")]),
        ("v1", "pids", [("pids", "pids.max", "1500")]),
        ("v2", "cpu_milli", [("cpu", "cpu.max", "150000 100000")]),
        (
            "hybrid",
            "cpu_milli",
            [("cpu", "cpu.cfs_period_us", "100000"), ("cpu", "cpu.cfs_quota_us", "150000")],
        ),
    ],
)
def test_a_limit_is_written_where_its_version_wants_it(version, limit, expected):
    assert resources.settings(version, resources.of({limit: 1500})) == expected


def test_a_limit_without_its_controller_is_refused(tmp_path):
    """A limit that nobody enforces would be a lie; the message names the controller."""
    here = cgroups.parse(v1(tmp_path))
    with pytest.raises(RealRunError, match="pids"):
        cgroups.create(here, "x", {"pids": {"limit": 5}})


def test_a_limit_without_its_file_is_refused(tmp_path):
    """As of swap, where the kernel was told not to count it."""
    here = cgroups.parse(v1(tmp_path))
    with pytest.raises(RealRunError, match=r"have no memory\.memsw\.limit_in_bytes: leave that"):
        cgroups.create(here, "x", {"memory": {"swap": 1 << 30}})


def test_removing_a_group_that_is_not_there_does_nothing(tmp_path):
    cgroups.remove(cgroups.parse(v1(tmp_path)), "never")


def test_a_group_in_plain_folders_is_made_and_removed(tmp_path):
    """Ours alone: what others have beside it stays."""
    here = cgroups.parse(v1(tmp_path))
    for name in "ab":
        cgroups.create(here, name, {})
    cgroups.remove(here, "a")
    assert os.listdir(tmp_path / "memory/realrun") == ["b"]
