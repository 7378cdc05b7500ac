"""Control groups of version 2 alone, as new systems have them: seen by hiding those of version 1.

A hybrid machine's tree of version 2 has no controller for memory or processes, but devices (eBPF),
freezing and membership are version 2's own; limits are tried where there are controllers.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from realrun.oci import groups
from tests.realrun.oci.test_lifecycle import wait_for

pytestmark = [pytest.mark.root, pytest.mark.overlay, pytest.mark.cgroup]
ALONE = 'umount -l /sys/fs/cgroup && mount -t cgroup2 cgroup2 /sys/fs/cgroup && exec "$@"'


@pytest.fixture
def version2(runtime):
    if "" not in groups.trees(Path("/proc/self/mountinfo").read_text())[1]:
        pytest.skip("no cgroup version 2 is mounted here")
    runtime.within = ("unshare", "--mount", "sh", "-c", ALONE, "sh")
    return runtime


def controllers(runtime) -> list[str]:
    return Path(groups.trees(Path("/proc/self/mountinfo").read_text())[1][""][0]).joinpath(
        "cgroup.controllers"
    ).read_text().split()  # fmt: skip


def test_it_sees_its_own_group_as_the_root(version2):
    script = "grep cgroup /proc/mounts | cut -d' ' -f2,3; cat /proc/self/cgroup; "
    script += (
        "cat /sys/fs/cgroup/cgroup.procs | wc -l; mkdir /sys/fs/cgroup/x 2>/dev/null || echo ro"
    )
    done = version2.run("sh", "-c", script)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.split("\n")
    assert lines[0] == "/sys/fs/cgroup cgroup2"
    assert "0::/" in lines
    assert lines[-2] == "ro"


def test_devices_by_a_program_in_the_kernel(version2):
    script = "head -c1 /dev/zero | wc -c; mknod /tmp/d b 254 0; head -c1 /tmp/d 2>&1"
    done = version2.run("sh", "-c", script)
    assert done.stdout.split("\n")[0] == "1"
    assert "not permitted" in done.stdout


def test_it_stops_for_a_while_and_is_killed(version2):
    version2.configure("sh", "-c", "sleep 1000 & exec sleep 1001")
    version2.create()
    version2.ok("start", "c")
    assert len(json.loads(version2.ok("ps", "-f", "json", "c"))) == 2
    version2.ok("pause", "c")
    assert version2.state()["status"] == "paused"
    version2.ok("resume", "c")
    done = version2.call("exec", "c", "cat", "/proc/self/cgroup")
    assert "0::/\n" in done.stdout
    version2.ok("kill", "--all", "c", "KILL")
    wait_for(version2, "stopped")
    version2.ok("delete", "c")


def test_a_limit_without_its_controller_is_refused(version2):
    limits = {"pids": {"limit": 9}}
    version2.configure("sh", "-c", "cat /sys/fs/cgroup/pids.max", linux__resources=limits)
    version2.write()
    if "pids" in controllers(version2):
        assert version2.run().stdout == "9\n"
    else:
        said = version2.refused("create", "--bundle", str(version2.bundle), "c")
        assert "this kernel's cgroups have no pids.max" in said
