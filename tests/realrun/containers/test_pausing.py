"""pause, unpause, attach: a container stands still until it is let go on; who stays hears it."""

from __future__ import annotations

import select
import signal
from pathlib import Path

import pytest

from realrun.containers.registry import Registry
from tests.realrun.stage import HANG_S, alive, cli, kill, lines, started, until

pytestmark = [pytest.mark.overlay, pytest.mark.root]
COUNTS = """trap 'echo ends; exit 4' TERM
n=0; while :; do
	n=$((n + 1)); echo $n > /count
	[ -e /say ] && echo said && rm /say
	sleep 0.02
done"""


@pytest.fixture
def box(registry: Registry):
    done = cli("run", "-d", "--name", "box", "hello", "sh", "-c", COUNTS)
    assert (done.returncode, done.stderr) == (0, "")
    container = registry.find("box")
    until(lambda: count(registry) > 0, "it counts")
    return container


def count(registry: Registry) -> int:
    """How far it has got."""
    file = registry.path(registry.find("box").id) / "upper" / "count"
    return int((file.exists() and file.read_text().strip()) or 0)


def state_of_processes(registry: Registry) -> str:
    """Of its first process, as proc(5) and cgroups(7) tell it: is it in a frozen group?"""
    pid = registry.state(registry.find("box")).pid
    for line in lines(str(pid), "cgroup"):
        _, names, path = line.split(":", 2)
        if "freezer" in names:
            return Path(f"/sys/fs/cgroup/freezer{path}/freezer.state").read_text().strip()
        if not names and Path(f"/sys/fs/cgroup{path}/cgroup.freeze").exists():
            frozen = Path(f"/sys/fs/cgroup{path}/cgroup.freeze").read_text().strip()
            return "FROZEN" if frozen == "1" else "THAWED"
    return ""


def test_it_stands_still_whatever_others_do(registry, box):
    """`commit` and `prune` leave it as it is."""
    assert cli("pause", "box").stdout == "box\n"
    assert state_of_processes(registry) == "FROZEN"
    before = count(registry)
    assert cli("commit", "box", "made").returncode == 0
    assert cli("prune").returncode == 0
    assert (state_of_processes(registry), count(registry)) == ("FROZEN", before)
    assert "(Paused)" in cli("ps").stdout
    assert cli("unpause", "box").stdout == "box\n"
    until(lambda: count(registry) > before, "it goes on")
    cli("rmi", "made")


@pytest.mark.parametrize("words", [["stop", "-t", "30"], ["kill"], ["rm", "-f"]])
def test_what_ends_it_reaches_it(registry, box, words):
    """A paused program hears its signal, for it goes on."""
    assert cli("pause", "box").returncode == 0
    assert cli(*words, "box").stdout == "box\n"
    if words[0] != "rm":
        told = registry.state(box)
        assert (told.exit_code, told.paused) == (4 if words[0] == "stop" else 137, False)
        assert cli("start", "box").returncode == 0
        assert not registry.state(box).paused


def test_a_paused_one_whose_watcher_is_killed_is_cleaned_up(registry, box):
    """On version 1 not even SIGKILL ends what is frozen."""
    assert cli("pause", "box").returncode == 0
    pid = registry.state(box).pid
    kill(int(lines(str(pid), "stat")[0].rpartition(")")[2].split()[1]))
    until(lambda: not registry.is_watched(box), "its watcher is gone")
    assert cli("prune").returncode == 0
    assert not alive(pid)
    told = registry.state(box)
    assert (told.status, told.paused) == ("exited", False)
    assert not list(Path("/sys/fs/cgroup").glob(f"freezer/*/{box.id}"))


def test_who_attaches_hears_it_and_is_heard(registry, box):
    """From now on, to its end: what it says, its exit code; signals are passed on."""
    with started("attach", "box") as process:

        def speaks() -> bool:
            assert cli("exec", "box", "touch", "/say").returncode == 0
            return bool(select.select([process.stdout], [], [], 0.5)[0])

        until(speaks, "what it says from now on is heard")
        assert process.stdout.readline() == "said\n"
        process.send_signal(signal.SIGTERM)
        assert "ends\n" in process.stdout
        assert process.wait(HANG_S) == 4


def test_nobody_is_promised_to_be_heard(registry):
    cli("run", "-d", "-i", "--name", "box", "hello", "sleep", "1000")
    refused = cli("attach", "box")
    assert (refused.returncode, refused.stderr.count("\n")) == (1, 1)
    assert "--no-stdin" in refused.stderr
