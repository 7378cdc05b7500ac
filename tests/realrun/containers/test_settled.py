"""What was settled at `create` is so at every start and in every exec."""

from __future__ import annotations

import json

import pytest

from realrun.runtime import volumes
from tests.realrun.stage import cli

pytestmark = pytest.mark.overlay
LOOK = (
    "ulimit -n; grep -E 'CapEff|NoNewPrivs|^Seccomp:' /proc/self/status; touch /x; df -k /dev/shm"
)
OPTIONS = (
    "--ulimit nofile=77 --cap-drop ALL --cap-add CHOWN --security-opt no-new-privileges "
    "--security-opt seccomp=unconfined --read-only --shm-size 3m"
).split()


@pytest.fixture
def no_volumes(root):
    """Volumes of this test are gone after it."""
    yield
    for volume in volumes.every(root):
        volumes.remove(root, volume.name)


def test_rights_and_limits_are_kept(registry):
    """At the first start, at the second, and in an exec."""
    cli("create", "--name", "kept", *OPTIONS, "hello", "sh", "-c", f"{LOOK}; sleep 1000")
    for _ in range(2):
        assert cli("start", "kept").returncode == 0
        done = cli("exec", "kept", "sh", "-c", LOOK)
        words = done.stdout.split()
        assert words[:7] == ["77", "CapEff:", "0" * 15 + "1", "NoNewPrivs:", "1", "Seccomp:", "0"]
        assert ("3072" in words, "Read-only" in done.stderr) == (True, True)
        assert cli("kill", "kept").returncode == 0
        cli("wait", "kept")
    assert cli("logs", "kept").stdout.split()[:7] == words[:7]


def test_volumes_stay_over_a_restart_and_are_shared(no_volumes, registry):
    """An unnamed one, too: it is the container's, not the start's."""
    script = "for d in /named /unnamed; do echo x >> $d/f; wc -l < $d/f; done"
    words = ["-v", "data:/named", "-v", "/unnamed", "hello", "sh", "-c", script]
    assert cli("run", "--name", "kept", *words).stdout.split() == ["1", "1"]
    assert cli("start", "-a", "kept").stdout.split() == ["2", "2"]
    assert cli("run", "--rm", *words).stdout.split() == ["3", "1"]


def test_labels_stop_signal_and_variables_are_in_the_record(registry, tmp_path):
    (tmp_path / "env").write_text("A=1\nB=2\n")
    (tmp_path / "labels").write_text("a=1\n")
    cli("create", "--name", "kept", "-l", "b", "--label-file", str(tmp_path / "labels"),
        "--env-file", str(tmp_path / "env"), "-e", "B=3", "-e", "GREETING", "--stop-signal", "INT",
        "--stop-timeout", "3", "hello", env={"NOTHING": ""})  # fmt: skip
    (told,) = json.loads(cli("inspect", "kept").stdout)
    settings = told["Config"]
    assert {"a": "1", "b": ""}.items() <= settings["Labels"].items()
    assert {"A=1", "B=3"} <= set(settings["Env"])
    assert not [entry for entry in settings["Env"] if entry.startswith("GREETING")]
    assert settings["StopSignal"] == "INT"
    assert registry.find("kept").stop_timeout_s == 3


def test_init_on_a_terminal_leaves_it_to_the_program(registry, terminal):
    """Ctrl-C reaches the program once, by way of its group in the foreground."""
    script = "cut -d' ' -f1,5,6,8 /proc/$$/stat; trap 'echo caught; exit 5' INT; echo ready; "
    script += "while :; do sleep 0.05; done"
    words = ["run", "--rm", "-it", "--init", "hello", "sh", "-c", script]
    out, code = terminal(*words, keys={"ready": b"\x03"})
    assert out.splitlines()[0] == "2 2 1 2"
    assert (out.count("caught"), code) == (1, 5)


@pytest.mark.parametrize("isolation", ["process", "container"])
def test_exec_sees_the_mounts(registry, tmp_path, isolation):
    (tmp_path / "file").write_text("outside\n")
    words = ["-v", f"{tmp_path}:/c:ro", "--tmpfs", "/t", "--isolation", isolation, "hello"]
    assert cli("run", "-d", "--name", "kept", *words, "sleep", "1000").returncode == 0
    done = cli("exec", "kept", "sh", "-c", "cat /c/file; touch /t/x; touch /c/x")
    assert (done.stdout, "Read-only" in done.stderr) == ("outside\n", True)


def test_with_init_an_exec_is_no_second_first_process(registry):
    cli("run", "-d", "--init", "--name", "kept", "hello", "sleep", "1000")
    out = cli("exec", "kept", "sh", "-c", "cat /proc/[0-9]*/comm").stdout.split()
    assert out.count("realrun-init") == 1
    assert cli("stop", "kept").returncode == 0
    assert cli("wait", "kept").stdout == "143\n"


def test_a_setuid_program_of_a_container_is_not_for_everybody_here(registry, no_volumes):
    """Root inside could make one, and any user of this machine run it."""
    script = "for f in /x /v/x; do cp /bin/busybox $f; chmod 4755 $f; done"
    done = cli("run", "--name", "kept", "-v", "data:/v", "hello", "sh", "-c", script)
    assert (done.returncode, done.stderr) == (0, "")
    for name in ("containers", "instances", "volumes", "layers"):
        assert (registry.root / name).stat().st_mode & 0o077 == 0, name
