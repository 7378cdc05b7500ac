"""A container's life: create, start, stop, start again, remove; and what is refused when."""

from __future__ import annotations

import os
import signal
import subprocess
from pathlib import Path

import pytest

from realrun.containers.creating import create
from realrun.containers.record import CREATED, EXITED, RUNNING
from realrun.engine import Wishes
from realrun.runtime import state as instances
from tests.realrun.stage import COMMAND, HANG_S, alive, cli, started, until

pytestmark = pytest.mark.overlay
SLEEP = ("sleep", "1000")
DEAF = ("sh", "-c", "trap '' TERM; echo up; while :; do sleep 0.05; done")
POLITE = ("sh", "-c", "trap 'exit 3' TERM USR1; echo up; while :; do sleep 0.05; done")


def status(registry, name):
    """The state of the container of that name."""
    return registry.state(registry.find(name))


def parent(pid):
    """The process that watches over `pid`."""
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


def is_waited_for(registry, name):
    """Is somebody blocked at its lock: the kernel lists them (proc(5))."""
    watch = registry.path(registry.find(name).id) / "watch"
    file = f":{os.stat(watch).st_ino} "
    lines = Path("/proc/locks").read_text().splitlines()
    return any("->" in line and file in line for line in lines)


def up(registry, name):
    """Wait until it has said `up`."""
    log = registry.path(registry.find(name).id) / "log"
    until(lambda: log.exists() and b"up" in log.read_bytes(), f"{name} says up")


def test_create_runs_nothing(registry):
    """The program runs at `start`, on the layer that `create` made."""
    done = cli("create", "--name", "one", "hello", "touch", "/made")
    container = registry.find("one")
    assert done.stdout.strip() == container.id
    assert registry.state(container).status == CREATED
    assert os.listdir(registry.path(container.id) / "upper") == []

    assert cli("start", "-a", "one").returncode == 0
    assert registry.state(container).status == EXITED
    assert "made" in os.listdir(registry.path(container.id) / "upper")


def test_what_was_written_is_there_at_the_next_start(registry):
    script = "cat /count 2>/dev/null; echo x >> /count; exit 4"
    first = cli("run", "--name", "two", "hello", "sh", "-c", script)
    assert (first.returncode, first.stdout) == (4, "")
    assert cli("start", "-a", "two").stdout == "x\n"
    assert cli("start", "-a", "two").stdout == "x\nx\n"
    assert status(registry, "two").exit_code == 4


def test_a_detached_container_is_watched_to_its_end(registry):
    done = cli("run", "-d", "--name", "far", "hello", "sh", "-c", "echo a; echo b >&2; exit 7")
    assert done.stdout.strip() == registry.find("far").id
    assert cli("wait", "far").stdout == "7\n"
    told = status(registry, "far")
    assert (told.status, told.exit_code, told.oom_killed, told.error) == (EXITED, 7, False, "")
    text = (registry.path(registry.find("far").id) / "log").read_text()
    assert sorted(line.split(" ", 1)[1] for line in text.splitlines()) == [
        "stderr F b",
        "stdout F a",
    ]


@pytest.mark.parametrize("detach", [(), ("-d",)], ids=["foreground", "detached"])
def test_a_start_that_fails_says_why_and_leaves_it_created(registry, detach):
    done = cli("run", *detach, "--name", "bad", "hello", "nosuch")
    assert (done.returncode, done.stderr.count("\n")) == (127, 1)
    assert "nosuch" in done.stderr
    told = status(registry, "bad")
    assert (told.status, told.exit_code) == (CREATED, 127)
    assert "nosuch" in told.error


@pytest.mark.parametrize("detach", [(), ("-d",)], ids=["foreground", "detached"])
def test_rm_goes_at_its_end_and_tells_its_code(registry, detach):
    with started("run", *detach, "--rm", "--name", "brief", "hello", *POLITE) as process:
        until(lambda: "brief" in [one.name for one in registry.all()], "it is created")
        up(registry, "brief")
        with started("wait", "brief") as waiting:
            until(lambda: is_waited_for(registry, "brief"), "somebody waits")
            cli("kill", "-s", "USR1", "brief")
            assert waiting.communicate(timeout=HANG_S)[0] == "3\n"
        process.wait(HANG_S)
    until(lambda: registry.ids() == [], "it is gone")


def test_stop_asks_first(registry):
    cli("run", "-d", "--name", "polite", "hello", *POLITE)
    up(registry, "polite")
    assert cli("stop", "polite").stdout == "polite\n"
    assert status(registry, "polite").exit_code == 3


def test_stop_kills_the_deaf(registry):
    cli("run", "-d", "--name", "deaf", "hello", *DEAF)
    up(registry, "deaf")
    assert cli("stop", "-t", "1", "deaf").returncode == 0
    assert status(registry, "deaf").exit_code == 137


def test_the_stop_signal_is_the_containers(registry):
    cli("run", "-d", "--stop-signal", "USR1", "--name", "own", "hello", *POLITE)
    up(registry, "own")
    cli("stop", "own")
    assert status(registry, "own").exit_code == 3


def test_every_verb_in_a_wrong_state_is_refused_or_does_nothing(registry):
    """LC-01: every operation in every state; the state is as before, whatever the answer."""
    cli("create", "--name", "new", "hello", *SLEEP)
    cli("run", "-d", "--name", "running", "hello", *SLEEP)
    cli("run", "--name", "ended", "hello", "true")
    before = {name: status(registry, name) for name in ("new", "running", "ended")}
    wrong = [
        (1, "kill", "new"), (1, "kill", "ended"), (1, "exec", "new", "true"),
        (1, "exec", "ended", "true"), (1, "rm", "running"), (0, "stop", "new"),
        (0, "stop", "ended"), (0, "start", "running"), (1, "start", "-a", "running"),
    ]  # fmt: skip
    for code, *words in wrong + wrong:
        done = cli(*words)
        assert (done.returncode, words) == (code, words), done
        assert done.stderr.count("\n") == code
    assert {name: status(registry, name) for name in before} == before


def test_killed_watcher_killed_container(registry):
    """No daemon: who watches dies, the kernel kills the container, the next command knows."""
    cli("run", "-d", "--name", "alone", "hello", *SLEEP)
    container = registry.find("alone")
    pid = registry.state(container).pid
    watcher = parent(pid)
    os.kill(watcher, signal.SIGKILL)
    until(lambda: not alive(pid), "the container dies with its watcher")
    told = registry.state(container)
    assert (told.status, told.exit_code, told.error) == (EXITED, 137, "its watcher was killed")
    assert "Exited (137)" in cli("ps", "-a").stdout
    assert cli("start", "alone").returncode == 0
    assert registry.state(container).status == RUNNING


def test_killed_in_the_foreground(registry):
    with started("run", "--name", "front", "hello", *DEAF) as process:
        assert process.stdout.readline() == "up\n"
        until(lambda: status(registry, "front").status == RUNNING, "its start is noted")
        process.kill()
        process.wait(HANG_S)
    container = registry.find("front")
    until(lambda: registry.state(container).status == EXITED, "its end is seen")
    until(lambda: instances.processes_of(container.id) == [], "nothing of it runs")
    assert cli("rm", "front").returncode == 0


def test_prune_takes_what_was_to_go_and_was_not(registry):
    """--rm promised it; the one who promised was killed."""
    with started("run", "--rm", "--name", "lost", "hello", *DEAF) as process:
        assert process.stdout.readline() == "up\n"
        until(lambda: status(registry, "lost").status == RUNNING, "its start is noted")
        process.kill()
        process.wait(HANG_S)
    until(lambda: status(registry, "lost").status == EXITED, "its end is seen")
    assert "container lost" in cli("prune").stdout
    assert registry.ids() == []


def test_the_napping_watcher_holds_little_memory(registry):
    """Under 10 MB of PSS, all of it: it shares its program with other Pythons, if there are any."""
    cli("run", "-d", "--name", "nap", "hello", *SLEEP)
    pid = status(registry, "nap").pid
    proc = Path("/proc", str(parent(pid)))
    until(lambda: "containers.nap" in (proc / "cmdline").read_text(), "it naps")
    rollup = (proc / "smaps_rollup").read_text()
    kib = {line.split()[0]: int(line.split()[1]) for line in rollup.splitlines()[1:]}
    assert kib["Pss:"] < 10_000, rollup


def test_names_are_taken_once(registry):
    assert cli("create", "--name", "mine", "hello").returncode == 0
    again = cli("create", "--name", "mine", "hello")
    assert (again.returncode, again.stderr.count("\n")) == (1, 1)
    cli("rm", "mine")
    assert cli("create", "--name", "mine", "hello").returncode == 0


def test_one_name_for_many_at_once(registry):
    """Eight ask for the same name: one gets it, and no half of the others is left."""
    words = [*COMMAND, "create", "--name", "only", "hello"]
    asked = [
        subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for _ in range(8)
    ]
    assert sorted(process.wait(HANG_S) for process in asked) == [0] + [1] * 7
    assert [one.name for one in registry.all()] == ["only"]


def test_one_container_started_by_many_at_once(registry):
    container = create(registry, "hello", Wishes(words=SLEEP), "many")
    words = [*COMMAND, "start", "many"]
    asked = [
        subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for _ in range(6)
    ]
    assert 0 in [process.wait(HANG_S) for process in asked]
    first = instances.processes_of(container.id)
    assert registry.state(container).pid in first


@pytest.mark.parametrize("name", ["", ".", "..", "../x", "a", "a/b", "-x", "a\nb", "ü", "x" * 300])
def test_names_that_could_harm_are_refused(registry, name):
    done = cli("create", f"--name={name}", "hello")
    if name:
        assert (done.returncode, done.stderr.count("\n"), registry.ids()) == (1, 1, [])
    else:  # as Docker: no name is a name of ours
        assert done.returncode == 0


@pytest.mark.parametrize("reference", ["nosuch", "", "../x", "a" * 64, "\n"])
def test_who_is_not_there(registry, reference):
    for verb in ("start", "stop", "kill", "rm", "wait"):
        done = cli(verb, reference)
        assert (done.returncode, done.stdout, done.stderr.count("\n")) == (1, "", 1), verb


def test_found_by_the_beginning_of_its_id(registry):
    container = create(registry, "hello", Wishes(), "")
    assert registry.find(container.id[:5]) == registry.find(container.name) == container


def test_an_image_in_use_stays(registry):
    """Docker's rule: its last name goes only with -f, and the image not at all."""
    cli("tag", "hello", "spare:1")
    cli("build", "-q", "-t", "other", "-", input="FROM hello\nENV a=b\n")
    cli("create", "--name", "user", "other")
    refused = cli("rmi", "other")
    assert (refused.returncode, refused.stderr.count("\n")) == (1, 1)
    assert cli("rmi", "spare:1").returncode == 0
    assert cli("rmi", "-f", "other").returncode == 0
    cli("prune")
    assert cli("start", "-a", "user").returncode == 0


def test_out_of_memory_is_told(registry):
    script = "x=a; while :; do x=$x$x$x; done"
    done = cli("run", "-m", "16m", "--name", "hungry", "hello", "sh", "-c", script)
    told = status(registry, "hungry")
    assert (done.returncode, told.exit_code, told.oom_killed) == (137, 137, True)
