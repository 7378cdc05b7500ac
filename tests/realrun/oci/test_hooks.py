"""Hooks are called in their order, with the state at their input; a failure undoes everything."""

from __future__ import annotations

import json

import pytest

from tests.realrun.oci.test_lifecycle import wait_for

pytestmark = [pytest.mark.root, pytest.mark.overlay, pytest.mark.cgroup]
OUTSIDE = ("prestart", "createRuntime", "createContainer", "poststart", "poststop")
ORDER = ["prestart", "createRuntime", "createContainer", "startContainer", "poststart", "poststop"]


def hook(script: str, **more) -> dict:
    return {"path": "/bin/sh", "args": ["sh", "-c", script], **more}


def noting(runtime) -> dict:
    """Every hook writes its name and its state into a file that both sides can see."""
    outside, hooks = runtime.bundle / "rootfs/log", {}
    for kind in ORDER:
        place = "/log" if kind == "startContainer" else outside
        hooks[kind] = [hook(f"(echo -n '{kind} '; cat; echo) >> {place}")]
    return hooks


def noted(runtime) -> list[tuple[str, dict]]:
    """The names and the states."""
    path = runtime.bundle / "rootfs/log"
    lines = path.read_text().splitlines() if path.exists() else []
    return [(line.split(" ")[0], json.loads(line.partition(" ")[2])) for line in lines]


def test_all_of_them_in_their_order(runtime):
    runtime.configure("sh", "-c", "sleep 1000", hooks=noting(runtime))
    runtime.create()
    pid = runtime.state()["pid"]
    assert [name for name, _ in noted(runtime)] == ORDER[:3]
    runtime.ok("start", "c")
    runtime.ok("kill", "c", "KILL")
    wait_for(runtime, "stopped")
    runtime.ok("delete", "c")
    found = noted(runtime)
    assert [name for name, _ in found] == ORDER
    assert {told["id"] for _, told in found} == {"c"}
    assert [told["status"] for _, told in found] == [
        "creating", "creating", "creating", "created", "running", "stopped",
    ]  # fmt: skip
    assert [told["pid"] for _, told in found] == [pid, pid, 1, 1, pid, 0]


@pytest.mark.parametrize("kind", ["prestart", "createRuntime", "createContainer"])
def test_one_that_fails_at_create_leaves_nothing(runtime, kind):
    hooks = noting(runtime)
    hooks[kind] = [hook("echo because >&2; exit 3")]
    runtime.configure("touch", "/ran", hooks=hooks)
    runtime.write()
    said = runtime.refused("create", "--bundle", str(runtime.bundle), "c")
    assert kind in said
    assert "3" in said
    assert "because" in said
    assert runtime.left() == []
    assert noted(runtime)[-1][0] == "poststop"
    assert not (runtime.bundle / "rootfs/ran").exists()


@pytest.mark.parametrize("kind", ["startContainer", "poststart"])
def test_one_that_fails_at_start_destroys_the_container(runtime, kind):
    hooks = noting(runtime)
    hooks[kind] = [hook("exit 3")]
    runtime.configure("sleep", "1000", hooks=hooks)
    runtime.create()
    assert kind in runtime.refused("start", "c")
    assert runtime.left() == []
    assert noted(runtime)[-1][0] == "poststop"


def test_poststop_may_fail_and_the_others_are_called(runtime):
    place = runtime.bundle / "rootfs/log"
    hooks = {"poststop": [hook("exit 1"), hook(f"(echo -n 'second '; cat; echo) >> {place}")]}
    runtime.configure("true", hooks=hooks)
    runtime.create()
    runtime.ok("start", "c")
    wait_for(runtime, "stopped")
    done = runtime.call("delete", "c")
    assert done.returncode == 0
    assert "warning: hook poststop[0]" in done.stderr
    assert [name for name, _ in noted(runtime)] == ["second"]


def test_one_that_takes_too_long_is_killed(runtime):
    runtime.configure("true", hooks={"prestart": [hook("sleep 1000", timeout=1)]})
    runtime.write()
    said = runtime.refused("create", "--bundle", str(runtime.bundle), "c")
    assert "still running after 1 s" in said
    assert runtime.left() == []


def test_it_gets_the_environment_that_is_written_and_no_more(runtime):
    place = runtime.bundle / "env"
    hooks = {"prestart": [{"path": "/usr/bin/env", "args": ["env"], "env": ["A=b c"]}]}
    hooks["prestart"].append(hook(f"tr '\\0' '\\n' < /proc/self/environ > {place}", env=["X=y"]))
    runtime.configure("true", hooks=hooks)
    runtime.create()
    assert "X=y" in place.read_text()
    assert "HOME" not in place.read_text()
