"""Life is a table: every operation in every state, and what it leads to.

Source: OCI runtime-spec, `runtime.md`, "Operations".
"""

from __future__ import annotations

import json
import os
import sys
import time

import pytest

from tests.realrun.oci.conftest import HANG_S, Runtime

pytestmark = [pytest.mark.root, pytest.mark.overlay, pytest.mark.cgroup]
STATES = ("none", "created", "running", "stopped")
# What each operation leads to; what is not listed is refused and changes nothing.
ALLOWED = {
    ("none", "create"): "created",
    ("created", "start"): "running",
    ("created", "kill"): "stopped",
    ("running", "kill"): "stopped",
    ("stopped", "delete"): "none",
}
OPERATIONS = ("create", "start", "kill", "delete")


def wait_for(runtime: Runtime, status: str, name: str = "c") -> None:
    deadline = time.monotonic() + HANG_S
    while runtime.state(name)["status"] != status:
        assert time.monotonic() < deadline, runtime.state(name)
        time.sleep(0.02)


def bring(runtime: Runtime, state: str) -> None:
    """A container in that state."""
    runtime.configure("sh", "-c", "touch /ran; exec sleep 1000")
    runtime.write()
    if state != "none":
        runtime.create()
    if state == "running":
        runtime.ok("start", "c")
    elif state == "stopped":
        runtime.ok("kill", "c", "KILL")
        wait_for(runtime, "stopped")


def status(runtime: Runtime) -> str:
    done = runtime.call("state", "c")
    return "none" if done.returncode else str(json.loads(done.stdout)["status"])


def words(runtime: Runtime, operation: str) -> list[str]:
    more = {"create": ["--bundle", str(runtime.bundle), "c"], "kill": ["c", "KILL"]}
    return [operation, *more.get(operation, ["c"])]


@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize("state", STATES)
def test_every_operation_in_every_state(runtime, state, operation):
    bring(runtime, state)
    before = runtime.state() if state != "none" else None
    if expected := ALLOWED.get((state, operation)):
        runtime.ok(*words(runtime, operation))
        if expected == "stopped":
            wait_for(runtime, "stopped")
        assert status(runtime) == expected
    else:
        assert "c" in runtime.refused(*words(runtime, operation))
        assert status(runtime) == state
        assert before is None or runtime.state() == before


def test_create_does_not_run_the_program_and_reads_its_configuration_once(runtime):
    runtime.configure("touch", "/first")
    runtime.create()
    runtime.configure("touch", "/second")
    runtime.write()
    assert not (runtime.bundle / "rootfs/first").exists()
    runtime.ok("start", "c")
    wait_for(runtime, "stopped")
    assert (runtime.bundle / "rootfs/first").exists()
    assert not (runtime.bundle / "rootfs/second").exists()


def test_an_id_may_be_used_again_once_it_is_deleted(runtime):
    for _ in range(2):
        runtime.create()
        runtime.ok("start", "c")
        wait_for(runtime, "stopped")
        runtime.ok("delete", "c")


def test_force_deletes_in_every_state(runtime):
    for state in STATES:
        bring(runtime, state)
        runtime.ok("delete", "--force", "c")
        assert runtime.left() == []


def test_the_process_that_waits_holds_nothing_and_outlives_its_creator(runtime):
    runtime.create()
    pid = runtime.state()["pid"]
    with open(f"/proc/{pid}/status", encoding="utf-8") as file:
        told = dict(line.split(":", 1) for line in file.read().splitlines())
    names = {int(name) for name in os.listdir(f"/proc/{pid}/fd")}
    assert names == {0, 1, 2, 3, 5, 6}  # the program's, and the pipes that it waits at
    assert os.stat(f"/proc/{pid}/mem").st_uid == 0
    assert told["State"].split()[0] == "S"


def test_nobody_can_write_to_the_engine_through_the_process_that_waits(runtime):
    """CVE-2019-5736: its executable lies on a mount that is read-only and that nobody can reach."""
    runtime.create()
    executable = f"/proc/{runtime.state()['pid']}/exe"
    assert os.statvfs(executable).f_flag & os.ST_RDONLY
    assert os.stat(executable).st_ino == os.stat(sys.executable).st_ino
    with pytest.raises(OSError, match=r"Text file busy|Read-only"):
        os.open(executable, os.O_RDWR)


def test_the_state_has_what_the_specification_asks_for(runtime):
    runtime.configure(annotations={"a.b": "c"})
    runtime.create("c", "--pid-file", str(runtime.bundle / "pid"))
    told = runtime.state()
    assert told == {
        "ociVersion": told["ociVersion"],
        "id": "c",
        "status": "created",
        "pid": int((runtime.bundle / "pid").read_text()),
        "bundle": str(runtime.bundle),
        "annotations": {"a.b": "c"},
    }
