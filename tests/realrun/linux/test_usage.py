"""What control groups and /proc tell of use: made-up groups of each version, and ourselves."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from pathlib import Path

import pytest

from realrun.linux import procstat, usage
from realrun.linux.cgroups import PARENT, Layout
from tests.realrun.stage import until

V1 = {
    "memory": {"memory.usage_in_bytes": "9000", "memory.limit_in_bytes": "9223372036854771712",
               "memory.stat": "cache 7000\ntotal_inactive_file 5000\n", "cgroup.procs": "7\n3\n"},
    "cpuacct": {"cpuacct.usage": "123456789\n"},
}  # fmt: skip
V2 = {
    "memory": {"memory.current": "9000\n", "memory.max": "1048576\n", "cgroup.procs": "3\n",
               "memory.stat": "anon 4000\ninactive_file 5000\n",
               "cpu.stat": "usage_usec 5000\nuser_usec 4000\n",
               "io.stat": "8:0 rbytes=10 wbytes=20 rios=1\n8:16 rbytes=1 wbytes=2\n"},
}  # fmt: skip


def made(folder: Path, version: str, files: dict[str, dict[str, str]]) -> Layout:
    """Files as the kernel has them, of one group `box`."""
    trees = {}
    for controller, texts in files.items():
        trees[controller] = str(folder / controller)
        group = folder / controller / PARENT / "box"
        group.mkdir(parents=True)
        for name, text in texts.items():
            (group / name).write_text(text)
    if version == "v2":
        trees["cpuacct"] = trees["memory"]
    return Layout(version, trees, True)


@pytest.mark.parametrize(
    ("version", "files", "limit", "cpu_ns", "io", "members"),
    [
        ("v1", V1, None, 123456789, None, [3, 7]),
        ("v2", V2, 1048576, 5_000_000, (11, 22), [3]),
    ],
)
def test_a_group_tells_what_its_version_counts(
    tmp_path, version, files, limit, cpu_ns, io, members
):
    here = made(tmp_path, version, files)
    whole = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    assert usage.memory_bytes(here, "box") == 4000
    assert usage.memory_limit_bytes(here, "box") == (limit or whole)
    assert usage.cpu_ns(here, "box") == cpu_ns
    assert usage.io_bytes(here, "box") == io
    assert usage.members(here, "box") == members


def test_a_group_that_is_not_there_tells_nothing(tmp_path):
    for version in ("v1", "v2", "none"):
        here = made(tmp_path / version, version, {"memory": {}})
        told = (usage.memory_bytes, usage.cpu_ns, usage.io_bytes, usage.members)
        assert [one(here, "gone") for one in told] == [None] * 4


SPLIT_V1 = {
    "memory": {"memory.stat": "cache 1\ntotal_cache 700\ntotal_rss 300\ntotal_shmem 100\n"
                              "total_mapped_file 250\n",
               "memory.kmem.usage_in_bytes": "90\n"},
}  # fmt: skip
SPLIT_V2 = {
    "memory": {"memory.stat": "anon 300\nfile 700\nkernel 85\nkernel_stack 16\npagetables 8\n"
                              "percpu 1\nsock 5\nshmem 100\nfile_mapped 250\nslab 40\n"},
}  # fmt: skip


@pytest.mark.parametrize(
    ("version", "files", "kernel"),
    [
        ("v1", SPLIT_V1, {}),
        ("v2", SPLIT_V2, {"slab": 40, "page tables": 8, "kernel stack": 16}),
    ],
)
def test_charged_memory_comes_apart_by_kind(tmp_path, version, files, kernel):
    """Shared memory is no file; version 1 has one number for all of the kernel's."""
    here = made(tmp_path, version, files)
    same = {"anon": 300, "file": 600, "shmem": 100, "mapped": 250, "kernel": 90}
    assert usage.memory_parts(here, "box") == same | kernel
    assert usage.memory_parts(here, "gone") is None


def test_the_groups_around_us_say_what_they_allow(tmp_path, monkeypatch):
    """From our own up to the top; who has no limit is left out."""
    tree = tmp_path / "tree"
    for path, limit in (("a/b", "max"), ("a", "50"), ("", "100")):
        (tree / path).mkdir(parents=True, exist_ok=True)
        (tree / path / "pids.max").write_text(limit)
        (tree / path / "pids.current").write_text("7")
    (tree / "a/b/pids.max").write_text("max")
    here = Layout("v2", {"pids": str(tree / "a/b")}, True)
    monkeypatch.setattr(usage, "parse", lambda *_: here)
    assert usage.around_us("pids", "pids.max", "pids.current") == [(7, 50), (7, 100)]
    assert usage.around_us("memory", "memory.max", "memory.current") == []


def test_a_process_is_read_as_ps_shows_it():
    with subprocess.Popen(["sleep", "1000"]) as child:
        try:  # until exec(2) it is called as we are, or not at all
            one = until(lambda: named(child.pid, "sleep 1000"), "it has become sleep")
        finally:
            child.kill()
        assert (one.pid, one.ppid, one.uid) == (child.pid, os.getpid(), os.getuid())
        assert abs(one.started_s - time.time()) < 3600
        shown = subprocess.run(["ps", "-o", "tty=", "-p", str(os.getpid())],
                               capture_output=True, text=True)  # fmt: skip
        assert procstat.read(os.getpid()).tty == shown.stdout.strip()
    assert procstat.read(child.pid) is None


def named(pid: int, command: str) -> procstat.Process | None:
    """The process, once it is that command."""
    one = procstat.read(pid)
    return one if one is not None and one.command == command else None


def test_time_of_children_that_have_ended_is_not_lost():
    before = procstat.cpu_ns([os.getpid()])
    subprocess.run(["sh", "-c", "i=0; while [ $i -lt 300000 ]; do i=$((i+1)); done"], check=True)
    assert procstat.cpu_ns([os.getpid()]) > before
    assert procstat.memory_bytes([os.getpid()]) > 1 << 20
    assert procstat.memory_bytes([1 << 22]) == 0


@pytest.mark.parametrize(
    ("device", "name"),
    [((136, 3), "pts/3"), ((137, 1), "pts/257"), ((4, 1), "tty1"), ((0, 0), "?")],
)
def test_a_terminal_has_the_name_that_ps_gives_it(device, name):
    assert procstat.terminal(os.makedev(*device)) == name


def test_a_name_cannot_command_the_terminal():
    """A process calls itself what it likes; ps(1) shows a `?` for what is not to be printed."""
    words = ["a\x1b[2J\nb", "1000"]
    with subprocess.Popen(words, executable=shutil.which("sleep")) as child:
        try:
            until(lambda: named(child.pid, "a?[2J?b 1000"), "its name is shown")
        finally:
            child.kill()
