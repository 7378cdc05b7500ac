"""Time namespaces: the clocks of a container ahead of this machine's, or behind."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.realrun.oci.test_container import inside

pytestmark = [pytest.mark.root, pytest.mark.overlay, pytest.mark.cgroup]
CLOCKS = "cat /proc/uptime; cat /proc/self/timens_offsets"


def kinds(runtime) -> list[dict[str, str]]:
    """The usual namespaces and one of time."""
    return [*runtime.config["linux"]["namespaces"], {"type": "time"}]


def test_a_time_namespace_has_clocks_of_its_own(runtime):
    """A day ahead since boot, an hour behind as to the monotonic clock; exec sees the same."""
    offsets = {"boottime": {"secs": 86400, "nanosecs": 5}, "monotonic": {"secs": -1}}
    runtime.configure("sleep", "1000", linux__timeOffsets=offsets, linux__namespaces=kinds(runtime))
    runtime.create()
    runtime.ok("start", "c")
    found = runtime.ok("exec", "c", "sh", "-c", CLOCKS).split()
    here_s = float(Path("/proc/uptime").read_text(encoding="ascii").split()[0])
    assert float(found[0]) == pytest.approx(here_s + 86400, abs=600)
    assert found[2:] == ["monotonic", "-1", "0", "boottime", "86400", "5"]
    runtime.ok("delete", "--force", "c")


def test_a_time_namespace_without_offsets_is_a_new_one(runtime):
    found = inside(runtime, "readlink /proc/self/ns/time", linux__namespaces=kinds(runtime))
    assert found != os.readlink("/proc/self/ns/time")


def test_a_time_namespace_goes_with_a_user_namespace(runtime):
    namespaces = [*kinds(runtime), {"type": "user"}]
    maps = [{"containerID": 0, "hostID": 0, "size": 65536}]
    settings = {
        "linux__namespaces": namespaces,
        "linux__uidMappings": maps,
        "linux__gidMappings": maps,
    }
    offsets = {"boottime": {"secs": 86400}}
    found = inside(runtime, CLOCKS, **settings, linux__timeOffsets=offsets).split()
    assert found[-2:] == ["86400", "0"]


@pytest.mark.parametrize(
    ("offsets", "told"),
    [
        ({"boottime": {"secs": 1}}, "to come with a namespace of kind time"),
        ({"realtime": {"secs": 1}}, "expected monotonic and boottime; got 'realtime'"),
        ({"boottime": {"secs": "1"}}, "secs, and nanosecs below a second"),
        ({"boottime": {"nanosecs": 10**9}}, "secs, and nanosecs below a second"),
    ],
)
def test_offsets_that_cannot_be_are_refused(runtime, offsets, told):
    if "kind time" not in told:
        runtime.configure(linux__namespaces=kinds(runtime))
    runtime.configure(linux__timeOffsets=offsets)
    runtime.write()
    assert told in runtime.refused("create", "--bundle", str(runtime.bundle), "c")
