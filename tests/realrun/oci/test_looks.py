"""What others ask of a runtime: lists, processes, use, features; and what they change."""

from __future__ import annotations

import json
import subprocess

import pytest

from realrun.oci import bundle
from tests.realrun.oci.test_lifecycle import wait_for
from tests.realrun.stage import COMMAND

pytestmark = [pytest.mark.root, pytest.mark.overlay, pytest.mark.cgroup]


@pytest.fixture
def sleeping(runtime):
    """A container that runs."""
    runtime.configure("sh", "-c", "sleep 1000; true")
    runtime.create()
    runtime.ok("start", "c")
    return runtime


def test_list_and_processes(sleeping):
    assert sleeping.ok("list", "-q") == "c\n"
    (row,) = json.loads(sleeping.ok("list", "--format", "json"))
    assert (row["id"], row["status"], row["owner"]) == ("c", "running", "root")
    assert "running" in sleeping.ok("list").splitlines()[1]
    pids = json.loads(sleeping.ok("ps", "--format", "json", "c"))
    assert row["pid"] in pids
    assert "sleep 1000" in sleeping.ok("ps", "c")


def test_it_stops_for_a_while(sleeping):
    sleeping.ok("pause", "c")
    assert sleeping.state()["status"] == "paused"
    assert "paused" in sleeping.refused("exec", "c", "true")
    assert "paused" in sleeping.refused("pause", "c")
    sleeping.ok("resume", "c")
    assert sleeping.state()["status"] == "running"
    assert "running" in sleeping.refused("resume", "c")


def test_a_paused_container_can_be_killed(sleeping):
    sleeping.ok("pause", "c")
    sleeping.ok("delete", "--force", "c")
    assert sleeping.left() == []


def test_limits_change_in_either_direction(sleeping):
    """Memory must not exceed memory with swap: which one goes first depends on where they are."""
    for size in (64, 256, 32):
        limits = {"memory": {"limit": size << 20, "swap": 2 * size << 20}, "pids": {"limit": size}}
        command = [*COMMAND, "oci", "--root", str(sleeping.root), "update", "-r", "-", "c"]
        subprocess.run(command, input=json.dumps(limits).encode(), check=True)
        used = json.loads(sleeping.ok("events", "--stats", "c"))["data"]
        assert used["memory"]["usage"]["limit"] == size << 20
        assert used["pids"]["limit"] == size
    assert used["memory"]["usage"]["usage"] > 0
    assert used["cpu"]["usage"]["total"] > 0
    assert used["pids"]["current"] == len(json.loads(sleeping.ok("ps", "-f", "json", "c")))


def test_kill_reaches_the_first_process_or_all(runtime):
    """With a PID namespace of the host's the others go on without the first."""
    kinds = [one for one in runtime.config["linux"]["namespaces"] if one["type"] != "pid"]
    runtime.configure("sh", "-c", "sleep 1000 & exec sleep 1001", linux__namespaces=kinds)
    runtime.create()
    runtime.ok("start", "c")
    runtime.ok("kill", "c", "9")
    wait_for(runtime, "stopped")
    runtime.ok("kill", "--all", "c", "SIGKILL")
    runtime.ok("delete", "c")


def test_features_name_what_there_is(runtime):
    told = json.loads(runtime.ok("features"))
    assert told["hooks"] == list(bundle.HOOKS)
    assert {"bind", "rro", "rprivate", "nosuid"} <= set(told["mountOptions"])
    assert {"idmap", "ridmap"} <= set(told["mountOptions"])
    assert told["linux"]["namespaces"] == list(bundle.NAMESPACES)
    assert told["linux"]["seccomp"]["actions"]


def test_spec_writes_a_configuration_that_works(runtime, tmp_path):
    runtime.ok("spec", "--bundle", str(tmp_path))
    assert bundle.load(tmp_path)["process"]["args"] == ["sh"]
    assert "there already" in runtime.refused("spec", "--bundle", str(tmp_path))


def test_the_version_is_told(runtime):
    assert runtime.ok("--version").startswith("realrun version ")
