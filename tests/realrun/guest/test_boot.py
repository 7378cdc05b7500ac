"""Real guests: the same image behaves the same, and nothing is left of a guest that is gone."""

from __future__ import annotations

import os
import re
from itertools import pairwise

import pytest

from realrun import engine
from realrun.errors import GuestFailed
from realrun.runtime.run import Run, drive, stop
from tests.realrun.stage import NO_TRACES, traces

pytestmark = [pytest.mark.overlay, pytest.mark.slow]
GUESTS = [
    pytest.param("uml", marks=pytest.mark.uml),
    pytest.param("qemu", marks=pytest.mark.qemu),
]
EVERY = [pytest.param("process"), pytest.param("container"), *GUESTS]
STRANGE = {"GREETING": "Grüß\n  Gott '\"$x\\", "a-b.c": "1", "LC_Ä": "€", "E": "", "-u": "=x="}


@pytest.mark.parametrize("isolation", EVERY)
def test_the_environment_arrives_in_every_isolation(stage, isolation):
    """Odd names that no shell could set, newlines, quotes, non-ASCII, nothing at all."""
    told = stage.run("env", "-0", isolation=isolation, env=STRANGE).out
    assert STRANGE.items() <= dict(one.split("=", 1) for one in told.split("\0") if one).items()


# One boot answers many questions: the guest's own kernel, its settings, its limits, its end.
QUESTIONS = """
echo "cwd $(pwd)"
echo "user $(id -u):$(id -g)"
echo "host $(hostname) $HOSTNAME"
echo "kernel $(uname -r)"
echo "loopback $(cat /sys/class/net/lo/flags)"
echo "memory $(awk '/MemTotal/ {print $2}' /proc/meminfo)"
ls /proc/$$/fd > /tmp/fds; echo "descriptors "$(cat /tmp/fds)
echo "lost $(ls -d /lost+found 2> /dev/null)"
echo "input $(cat | wc -c)"
echo "to errors" >&2
exit 42
"""


UNLIKE = ("memory", "kernel", "descriptors")


@pytest.fixture(scope="module")
def answers() -> dict[str, tuple]:
    """What was said in each isolation: asked once."""
    return {}


@pytest.fixture
def asked(stage, answers, request):
    """The answers of one isolation, as a table, with exit code and errors."""
    isolation = request.param
    if isolation not in answers:
        wishes = {"user": "1234:77", "cwd": "/new/folder", "isolation": isolation}
        if isolation in engine.GUESTS:
            wishes |= {"hostname": "chosen", "limits": {"memory_bytes": 160 << 20}}
        done = stage.run("sh", "-c", QUESTIONS, **wishes)
        rows = (line.partition(" ") for line in done.out.splitlines())
        answers[isolation] = ({key: value for key, _, value in rows}, done.code, done.err)
    return answers[isolation]


@pytest.mark.root
@pytest.mark.parametrize("asked", GUESTS, indirect=True)
def test_a_guest_is_set_up_as_asked(asked):
    """Directory, user, host name, loopback, RAM, three descriptors, no input, exit code, errors."""
    told, code, errors = asked
    memory_kib = int(told["memory"])
    descriptors = set(told["descriptors"].split()) - {"10"}  # what the shell saves for itself
    others = {key: value for key, value in told.items() if key not in UNLIKE}
    assert others == {
        "cwd": "/new/folder", "user": "1234:77", "host": "chosen chosen", "loopback": "0x9",
        "lost": "", "input": "0",
    }  # fmt: skip
    assert descriptors == {"0", "1", "2"}
    assert 100 << 10 < memory_kib < 160 << 10
    assert (code, errors) == (42, "to errors\n")


@pytest.mark.root
@pytest.mark.parametrize("asked", GUESTS, indirect=True)
def test_a_guest_has_a_kernel_of_its_own(asked):
    assert asked[0]["kernel"] != os.uname().release


@pytest.mark.parametrize("isolation", EVERY)
def test_a_command_that_is_not_there_is_127(stage, isolation):
    try:
        code = stage.run("nosuch", isolation=isolation).code
    except engine.StartFailed as failed:
        code = failed.code
    assert code == 127


@pytest.mark.parametrize("isolation", GUESTS)
def test_two_guests_at_once_and_a_killed_one(stage, root, isolation):
    """They share the image's disk and do not see each other's writing; neither leaves a trace."""
    said: dict[int, bytearray] = {0: bytearray(), 1: bytearray()}
    script = "[ ! -e /mark ] && echo x > /mark && echo mine; sync; exec sleep 1000"
    runs = [
        stage.begin("sh", "-c", script, out=said[n].extend, isolation=isolation) for n in (0, 1)
    ]
    try:
        drive(runs, stage.starter, until=Run.ready)
        assert [bytes(text) for text in said.values()] == [b"mine\n"] * 2
    finally:
        for run in runs:
            stop(run, stage.starter)
    assert [traces(root, run.id) for run in runs] == [NO_TRACES] * 2


@pytest.mark.parametrize("isolation", GUESTS)
def test_the_phases_of_a_boot_follow_each_other(stage, isolation):
    """Every step of the plan is a phase, the kernel's and the firmware's too."""
    out, record = stage.run(isolation=isolation)[1::2]
    assert out == "Hello from one image\n"
    phases = record.phases()
    names = [step.name for step in record.plan.steps]
    assert [phase.name for phase in phases] == [*names, "exit", "remove"]
    assert all(phase.duration_s >= 0 for phase in phases)
    for one, following in pairwise(phases):
        assert following.begin_s == pytest.approx(one.begin_s + one.duration_s, abs=1e-6)
    accelerator = {"uml": "uml", "qemu": "(tcg|kvm)"}[isolation]
    assert re.fullmatch(accelerator, record.plan.accelerator)


@pytest.mark.root
@pytest.mark.parametrize("isolation", GUESTS)
def test_a_kernel_that_panics_ends_the_run(stage, isolation):
    """A dead kernel may stay for ever as a process: its console tells, and it is killed."""
    script = "echo said; echo c > /proc/sysrq-trigger; exec sleep 1000"
    said = bytearray()
    run = stage.begin("sh", "-c", script, out=said.extend, isolation=isolation)
    drive([run], stage.starter)
    run.close()
    with pytest.raises(GuestFailed, match="Kernel panic - not syncing: sysrq"):
        engine.exit_code(run)
    assert bytes(said) == b"said\n"


@pytest.mark.uml
@pytest.mark.root
def test_nonsense_from_inside_does_not_hurt_the_engine(stage):
    """Root in the guest writes to the control channel: the run goes on to its true end."""
    script = "printf '\\nexit x\\nmark\\nmemory a\\n\\377\\n' > /dev/ttyS0; echo said; exit 6"
    done = stage.run("sh", "-c", script, isolation="uml")
    assert (done.code, done.out) == (6, "said\n")
