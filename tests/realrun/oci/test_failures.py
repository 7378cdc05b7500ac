"""An operation that fails leaves everything as if it had never been tried."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.realrun.oci.conftest import GROUP
from tests.realrun.oci.test_lifecycle import wait_for
from tests.realrun.stage import COMMAND, HANG_S

pytestmark = [pytest.mark.root, pytest.mark.overlay, pytest.mark.cgroup]

TMPFS = {"destination": "/new/place", "type": "tmpfs"}
FAILURES = {
    "a mount without a source": {"mounts": [TMPFS, {"destination": "/x", "type": "bind",
                                                    "source": "/nowhere"}]},
    "an option that no file system takes": {"mounts": [TMPFS | {"options": ["nonsense=1"]}]},
    "a limit that is no limit": {"linux__resources": {"cpu": {"cpus": "900"}}},
    "a filter that cannot be read": {"linux__seccomp": {"defaultAction": "SCMP_ACT_MAYBE"}},
    "a limit above the hard one": {"process__rlimits": [{"type": "RLIMIT_CORE", "soft": 9,
                                                         "hard": 8}]},
    "a program that is not there": {"mounts": [TMPFS], "process__args": ["nothere"]},
    "a directory through a file": {"process__cwd": "/etc/passwd/x"},
    "a namespace that is not there": {"linux__namespaces": [{"type": "mount"},
                                                            {"type": "uts", "path": "/none"}]},
    "a name of systemd's": {"linux__cgroupsPath": "system.slice:realrun:c"},
}  # fmt: skip


def files(runtime) -> set[str]:
    return {str(path) for path in (runtime.bundle / "rootfs").rglob("*")}


@pytest.mark.parametrize("name", FAILURES)
def test_a_failed_create_leaves_nothing(runtime, name):
    before = files(runtime)
    runtime.configure(**{"process__args": ["true"]} | FAILURES[name])
    runtime.write()
    runtime.refused("create", "--bundle", str(runtime.bundle), "c")
    assert runtime.left() == []
    assert files(runtime) == before


def test_a_program_that_cannot_be_executed_after_all(runtime):
    """It is there and executable at `create`, and no program: `start` says so and clears up."""
    program = runtime.bundle / "rootfs/bin/noise"
    program.write_bytes(b"\x00\x01")
    program.chmod(0o755)
    runtime.configure("noise")
    runtime.create()
    assert 'exec: "noise": exec format error' in runtime.refused("start", "c")
    assert runtime.left() == []


def test_a_creator_that_is_killed_takes_its_child_along(runtime):
    """A hook kills it half-way; what is left is a stopped container that can be deleted."""
    kill = {"path": "/bin/sh", "args": ["sh", "-c", "kill -9 $PPID"]}
    runtime.configure("true", hooks={"prestart": [kill]})
    runtime.write()
    done = runtime.call("create", "--bundle", str(runtime.bundle), "c")
    assert done.returncode == -signal.SIGKILL
    wait_for(runtime, "stopped")
    runtime.ok("delete", "c")
    assert runtime.left() == []


def test_errors_go_to_the_log_as_engines_read_them(runtime):
    log = runtime.bundle / "log"
    runtime.refused("--log", str(log), "--log-format", "json", "start", "nobody")
    told = json.loads(log.read_text())
    assert told["level"] == "error"
    assert "container 'nobody' does not exist" in told["msg"]
    runtime.refused("--log", str(log), "state", "nobody")
    assert 'level="error"' in log.read_text()


def test_a_foreign_state_is_refused(runtime):
    runtime.create()
    path = runtime.root / "c/state.json"
    own = path.read_text()
    path.write_text(json.dumps(json.loads(own) | {"format": 99}))
    assert "format 99" in runtime.refused("state", "c")
    path.write_text(own)


@pytest.mark.parametrize("name", ["..", "a/b", "", "a b", "x" * 2000])
def test_odd_ids_are_refused(runtime, name):
    runtime.write()
    runtime.refused("create", "--bundle", str(runtime.bundle), name)
    assert not runtime.root.exists() or list(runtime.root.iterdir()) == []


@pytest.mark.parametrize("option", ["--systemd-cgroup", "--no-pivot", "--no-new-keyring"])
def test_what_is_not_done_is_refused_and_not_ignored(runtime, option):
    runtime.write()
    words = ["create", "--bundle", str(runtime.bundle), "c"]
    place = 0 if option.startswith("--systemd") else 1
    assert "--" in runtime.refused(*words[:place], option, *words[place:])
    assert runtime.left() == []


def test_the_group_of_somebody_else_stays(runtime):
    """What was there before `create` is not removed by `delete`."""
    place = f"realrun-oci-other-{os.getpid()}"
    tree = next(path for path in ("/sys/fs/cgroup/pids", "/sys/fs/cgroup") if os.path.isdir(path))
    os.mkdir(f"{tree}/{place}")
    try:
        runtime.run("true", linux__cgroupsPath=place)
        assert os.path.isdir(f"{tree}/{place}")
    finally:
        os.rmdir(f"{tree}/{place}")


def test_many_at_once_share_the_group_above_theirs(runtime):
    """Each makes it if it is missing and removes it if it made it, whatever the others do."""
    runtime.configure("true")
    runtime.write()
    for number in range(6):
        config = json.loads((runtime.bundle / "config.json").read_text())
        config["linux"]["cgroupsPath"] = f"{GROUP}/{number}"
        config["root"]["path"] = str(runtime.bundle / "rootfs")
        (runtime.bundle / str(number)).mkdir()
        (runtime.bundle / str(number) / "config.json").write_text(json.dumps(config))

    def lives(number: int) -> list[int]:
        words = ["run", "--bundle", str(runtime.bundle / str(number)), str(number)]
        command = [*COMMAND, "oci", "--root", str(runtime.root), *words]
        return [subprocess.run(command, timeout=HANG_S).returncode for _ in range(3)]

    with ThreadPoolExecutor(6) as pool:
        assert list(pool.map(lives, range(6))) == [[0] * 3] * 6
    for tree in {path for path in runtime.left() if path.endswith(GROUP)}:
        os.rmdir(tree)  # of who made it when another was still below
