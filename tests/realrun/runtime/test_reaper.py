"""`--init`: a first process that reaps, passes signals on, and ends with the program."""

from __future__ import annotations

import signal
import sys

import pytest

from realrun import engine
from realrun.runtime import state
from realrun.runtime.client import Spawner
from realrun.runtime.run import drive, stop
from tests.realrun.stage import NO_TRACES, Stage, alive, kill, traces, until

pytestmark = pytest.mark.overlay

ORPHANS = """
n=0; while [ $n -lt 500 ]; do (true &); n=$((n + 1)); done
n=0; while [ $(ps -o pid | wc -l) -gt 5 ] && [ $n -lt 3000 ]; do usleep 10000; n=$((n + 1)); done
ps -o pid,ppid,stat,comm
"""


def test_five_hundred_orphans_leave_no_zombie(stage):
    """What is left are the first process, the shell, and who counts."""
    header, *rows = stage.sh(ORPHANS, init=True).splitlines()
    assert header.split() == ["PID", "PPID", "STAT", "COMMAND"]
    assert [row.split()[3] for row in rows] == ["realrun-init", "sh", "ps"], rows
    assert [row for row in rows if row.split()[2].startswith("Z")] == []


LOOK = "until grep -qs State:.Z /proc/[0-9]*/status; do :; done; echo seen"


def test_orphans_stay_where_nobody_reaps(stage):
    """The test above can fail: here the first process is a program that knows nothing of it."""
    run = stage.begin("sh", "-c", f"(usleep 100000 &) & ({LOOK}) & exec sleep 1000")
    drive([run], stage.starter, until=lambda run: run.ready())
    stop(run, stage.starter)


@pytest.mark.parametrize("code", [0, 1, 42, 125, 126, 127, 255])
def test_the_programs_exit_code_is_the_containers(stage, code):
    assert stage.run("sh", "-c", f"exit {code}", init=True).code == code


@pytest.mark.parametrize("name", ["KILL", "TERM", "SEGV", "ABRT", "USR1", "HUP"])
def test_a_program_that_is_killed_gives_128_and_the_signal(stage, name):
    """It is not the first process, so the kernel does not keep it from signals."""
    number = signal.Signals[f"SIG{name}"]
    assert stage.run("sh", "-c", f"kill -{name} $$", init=True).code == 128 + number


def test_what_the_program_leaves_behind_dies_with_it(stage, root):
    done = stage.run("sh", "-c", "sleep 1000 & setsid sleep 1000 & exit 3", init=True)
    assert done.code == 3
    assert traces(root, done.record.plan.instance) == NO_TRACES


PASSED = "HUP INT QUIT USR1 USR2 ALRM WINCH VTALRM PROF IO PWR URG TERM".split()
SCRIPT = """
for name in {names}; do trap "echo $name" $name; done
trap 'echo 40; exit 9' 40
echo ready
while :; do usleep 1000; done
"""


def test_every_signal_reaches_the_program(stage):
    """One after the other, the last a real-time one."""
    heard = bytearray()
    script = SCRIPT.format(names=" ".join(PASSED))
    run = stage.begin("sh", "-c", script, out=heard.extend, err=heard.extend, init=True)
    told = ["ready"]
    drive([run], stage.starter, until=lambda run: run.ready())
    for name in [*PASSED, "40"]:
        number = int(name) if name.isdigit() else signal.Signals[f"SIG{name}"]
        stage.starter.signal(run.id, int(number))
        told.append(name)
        drive([run], stage.starter, until=lambda run: heard.split()[-1].decode() == told[-1])
    drive([run], stage.starter)
    run.close()
    assert heard.decode().split() == told
    assert run.record.code == 9


def test_the_first_process_tells_nothing_of_the_machine(stage):
    """No descriptor but three, nobody looks into it, and its command line is the program's."""
    script = "tr '\\0' ' ' < /proc/1/cmdline; echo; cat /proc/1/comm; stat -c %s /proc/1/fd"
    line, comm, _ = stage.sh(script, init=True).splitlines()
    assert line.startswith("realrun-init -- sh -c")
    assert sys.executable not in line
    assert comm == "realrun-init"
    for secret in ("environ", "maps", "mem", "exe", "cwd/etc"):
        done = stage.run("sh", "-c", f"cat /proc/1/{secret} | head -c 1", init=True)
        assert (done.out, "ermission denied" in done.err) == ("", True), secret


def test_the_program_is_a_group_of_its_own(stage):
    """So that a terminal's signals reach it once; the session is the first process's."""
    assert stage.sh("cut -d' ' -f1,5,6 /proc/$$/stat", init=True) == "2 2 1\n"


def test_no_signal_is_blocked_or_ignored_in_the_program(stage):
    done = stage.run("grep", "-E", "Sig(Blk|Ign)", "/proc/self/status", init=True)
    assert done.out.split()[1::2] == ["0" * 16] * 2


@pytest.mark.parametrize(("word", "code"), [("nosuch", 127), ("/etc/passwd", 126)])
def test_a_program_that_is_not_there(stage, word, code):
    with pytest.raises(engine.StartFailed) as failed:
        stage.run(word, init=True)
    assert failed.value.code == code


def test_nobody_survives_a_spawner_that_is_killed(root):
    with Spawner() as starter:
        stage = Stage(starter)
        run = stage.begin("/app/hello.sh", "wait", init=True)
        drive([run], starter, until=lambda run: run.ready())
        kill(starter.process.pid)
        run.close()
    until(lambda: not alive(run.record.pid), "the first process ends")
    state.prune(root)
    assert traces(root, run.id) == NO_TRACES


@pytest.mark.root
def test_another_user_as_well(stage):
    script = "id -u; awk '/^Uid/ {print $2}' /proc/1/status; (true &); usleep 1000; exit 4"
    done = stage.run("sh", "-c", script, init=True, user="1234:1234")
    assert (done.code, done.out.split()) == (4, ["1234", "1234"])
