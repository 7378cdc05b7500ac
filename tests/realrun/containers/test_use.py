"""`top` and `stats`: who runs in a container, and what they use."""

from __future__ import annotations

import json
import subprocess

import pytest

from realrun.containers.counting import Used, cpu_percent, used
from tests.realrun.stage import COMMAND, PROJECT, cli, until

pytestmark = pytest.mark.overlay

BUSY = "sleep 1001 & sleep 1002 & while :; do :; done"


def ok(*args, **more):
    done = cli(*args, **more)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(params=["container", "process"])
def busy(request, registry):
    ok("run", "-d", "--name", "busy", "--isolation", request.param, "busybox", "sh", "-c", BUSY)
    ends = (" sleep 1001", " sleep 1002")
    until(lambda: sum(row.endswith(ends) for row in ok("top", "busy").splitlines()) == 2, "both")
    return registry.find("busy")


def test_top_shows_the_processes_by_this_machines_numbers(busy, registry):
    head, *rows = ok("top", "busy").splitlines()
    first = registry.state(busy).pid
    assert head.split() == "UID PID PPID C STIME TTY TIME CMD".split()
    assert head.startswith("UID                 PID                 PPID                C  ")
    commands = {int(row.split()[1]): row.split(None, 7)[7] for row in rows}
    assert commands.pop(first) == f"sh -c {BUSY}"
    assert sorted(commands.values()) == ["sleep 1001", "sleep 1002"]
    assert {row.split()[2] for row in rows if row.endswith(("1001", "1002"))} >= {str(first)}
    assert {row.split()[5] for row in rows} == {"?"}


def test_top_shows_what_exec_has_added_and_its_terminal(registry):
    ok("run", "-d", "-t", "--name", "tty", "busybox", "sleep", "1000")
    ok("exec", "-d", "tty", "sleep", "7777")
    rows = until(lambda: [row for row in ok("top", "tty").splitlines() if "7777" in row], "it runs")
    assert len(rows) == 1
    assert "pts/" in ok("top", "tty", "-o", "pid,tty,args").splitlines()[1]


@pytest.mark.parametrize(
    ("options", "head"),
    [
        (["-ef"], "UID PID PPID C STIME TTY TIME CMD"),
        (["aux"], "USER PID %CPU %MEM VSZ RSS TTY STAT START TIME COMMAND"),
        (["-o", "pid,comm,cmd"], "PID COMMAND CMD"),
    ],
)
def test_top_takes_the_usual_options_of_ps(registry, options, head):
    ok("run", "-d", "--name", "box", "busybox", "sleep", "1000")
    lines = ok("top", "box", *options).splitlines()
    assert (lines[0].split(), len(lines)) == (head.split(), 2)
    assert lines[1].endswith("sleep 1000")


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["idle"], "not running"),
        (["nobody"], "no such container"),
        (["idle", "-o", "cmd"], "pid"),
        (["idle", "-o", "pid,nonsense"], "no column 'nonsense'"),
        (["idle", "--forest"], "of ps's options"),
    ],
)
def test_top_refuses_in_one_line(registry, words, why):
    ok("create", "--name", "idle", "busybox")
    done = cli("top", *words)
    assert (done.returncode, done.stdout, why in done.stderr) == (1, "", True)


def test_stats_shows_all_that_run_or_the_named(busy):
    ok("create", "--name", "idle", "busybox")
    head, *rows = ok("stats", "--no-stream").splitlines()
    assert head.split("   ")[0] == "CONTAINER ID"
    assert [row.split()[:2] for row in rows] == [[busy.id[:12], "busy"]]
    told = [json.loads(line) for line in ok(
        "stats", "--no-stream", "-a", "--format", "{{json .}}").splitlines()]  # fmt: skip
    assert [one["Name"] for one in told] == ["idle", "busy"]
    assert told[0]["MemUsage"] == "0B / 0B"
    assert (told[1]["PIDs"], told[1]["NetIO"], told[0]["PIDs"]) == ("3", "0B / 0B", "0")
    assert float(told[1]["CPUPerc"].rstrip("%")) > 0
    assert ok("stats", "--no-stream", "--format", "{{.Container}} {{.Name}}", "busy") == (
        "busy busy\n")  # fmt: skip
    ids = ok("stats", "--no-stream", "--no-trunc", "--format", "table {{.ID}}", "busy")
    assert ids.splitlines() == ["CONTAINER ID", busy.id]


def test_stats_of_a_missing_container_is_an_error(registry):
    done = cli("stats", "--no-stream", "nobody")
    assert (done.returncode, done.stdout) == (1, "")


def test_stats_goes_on_until_its_container_has_gone(registry):
    ok("run", "-d", "--name", "box", "busybox", "sleep", "1000")
    command = [*COMMAND, "stats", "--format", "{{.Name}}", "box"]
    with subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.PIPE, text=True) as shown:
        assert shown.stdout.readline() == "\033[2J\033[Hbox\n"
        assert shown.stdout.readline() == "\033[2J\033[Hbox\n"
        ok("rm", "-f", "box")
        shown.stdout.read()
    assert shown.returncode == 0


def test_a_limit_is_what_memory_is_measured_by(registry):
    done = cli("run", "-d", "--name", "box", "-m", "32m", "busybox", "sleep", "1000")
    if done.returncode and "control group" in done.stderr:
        pytest.skip("no control group that we may write to")
    told = used(registry, registry.find("box"))
    assert told.memory_limit_bytes == 32 << 20
    assert 0 < told.memory_bytes < 32 << 20
    assert told.tasks == 1


def test_processor_time_is_measured_between_two_moments():
    before = Used(at_ns=1, cpu_ns=0)
    assert cpu_percent(before, Used(at_ns=1_000_001, cpu_ns=500_000)) == 50
    assert cpu_percent(Used(), Used(at_ns=5, cpu_ns=5)) == 0
