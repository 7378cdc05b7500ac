"""The same verbs for a guest: a virtual machine in the background."""

from __future__ import annotations

import os
import pty
import signal
import subprocess
from contextlib import ExitStack

import pytest

from realrun.containers import joining
from realrun.containers.record import EXITED
from realrun.errors import GuestFailed
from realrun.guest import visits
from realrun.guest.backends import SESSIONS
from realrun.linux.terminal import resize
from realrun.runtime.run import ignore
from realrun.runtime.watch import Watch
from tests.realrun.containers.test_terminal import read_until
from tests.realrun.stage import COMMAND, HANG_S, cli, kill, started, until

GUESTS = pytest.mark.parametrize(
    "isolation",
    [pytest.param("uml", marks=pytest.mark.uml), pytest.param("qemu", marks=pytest.mark.qemu)],
)


LISTENER = (
    "trap 'echo heard' USR1; trap 'echo ends; exit 9' TERM; echo up; while :; do sleep 0.1; done"
)


@pytest.fixture
def vm(registry):
    """A function that starts a guest called vm and waits until its program has begun."""

    def start(isolation: str, *more: str, script: str = LISTENER):
        done = cli("run", "-d", "--isolation", isolation, "--name", "vm", *more, "hello", "sh",
                   "-c", script)  # fmt: skip
        assert (done.returncode, done.stderr) == (0, "")
        container = registry.find("vm")
        log = registry.path(container.id) / "log"
        until(lambda: b"up" in log.read_bytes(), "it says up")
        return container

    return start


@GUESTS
def test_a_running_guest_is_a_running_container(registry, isolation, vm, terminal, tmp_path):
    """One guest, all that is done to it from outside."""
    container = vm(isolation)
    programs_are_executed()
    on_a_terminal(terminal)
    files_are_copied(tmp_path)
    a_full_disk_is_the_programs_trouble()
    log = registry.path(container.id) / "log"
    assert cli("kill", "-s", "USR1", "vm").returncode == 0
    until(lambda: b"heard" in log.read_bytes(), "it has heard")
    assert cli("stop", "-t", "30", "vm").returncode == 0
    told = registry.state(container)
    assert (told.status, told.exit_code, told.error) == (EXITED, 9, "")
    assert b"ends" in log.read_bytes()


def programs_are_executed():
    """Words, streams, exit codes, input of every byte, settings, users."""
    one = cli("exec", "vm", "sh", "-c", "echo out; echo err >&2; exit 7")
    assert (one.returncode, one.stdout, one.stderr) == (7, "out\n", "err\n")
    words = ["-e", "A=b c", "-w", "/tmp", "-u", "1234:77"]
    asked = cli("exec", *words, "vm", "sh", "-c", "echo $A; pwd; id -u; id -g; id -G")
    assert asked.stdout.split("\n") == ["b c", "/tmp", "1234", "77", "77", ""]
    assert cli("exec", "vm", "nosuch").returncode == 127
    data = bytes(range(256)) * 300
    back = cli("exec", "-i", "vm", "cat", input=data, text=False)
    assert (back.returncode, back.stdout, back.stderr) == (0, data, b"")
    assert cli("exec", "-d", "vm", "sh", "-c", "echo made > /made").returncode == 0
    until(lambda: cli("exec", "vm", "cat", "/made").stdout == "made\n", "it has run")


def on_a_terminal(terminal):
    """As large as ours; Ctrl-C is the program's."""
    script = (
        "tty; stty size; trap 'echo caught; exit 6' INT; echo ready; while :; do sleep .1; done"
    )
    out, code = terminal("exec", "-it", "vm", "sh", "-c", script, keys={"ready": b"\x03"})
    *told, last = out.split()
    assert told[:4] == ["/dev/pts/0", "33", "101", "ready"]
    assert (last.removeprefix("^C"), code) == ("caught", 6)


LOOK = "cd /in; ls -A . it; cat it/a name; stat -c '%u:%g %a' name; readlink it/link"


def files_are_copied(tmp_path):
    """By Docker's rules, and a link of the guest's leads nowhere but inside."""
    folder = tmp_path / "it"
    folder.mkdir()
    (folder / "a").write_text("A\n")
    (folder / "link").symlink_to("/etc/shadow")
    (folder / "a").chmod(0o640)
    assert cli("exec", "vm", "sh", "-c", "mkdir /in; ln -s /in /abs").returncode == 0
    for source, place in ((folder, "/abs"), (folder / "a", "/in/name")):
        assert cli("cp", str(source), f"vm:{place}").stderr == ""
    told = cli("exec", "vm", "sh", "-c", LOOK).stdout.split()
    assert told == [".:", "it", "name", "it:", "a", "link", "A", "A", "0:0", "640", "/etc/shadow"]
    assert cli("cp", "vm:/abs/.", str(tmp_path / "out")).stderr == ""
    assert (tmp_path / "out" / "it" / "a").read_text() == "A\n"
    assert os.readlink(tmp_path / "out" / "it" / "link") == "/etc/shadow"
    assert cli("cp", "-L", "vm:/abs/name", str(tmp_path / "file")).stderr == ""
    assert (tmp_path / "file").read_text() == "A\n"
    archive = cli("cp", "vm:/in/name", "-", text=False).stdout
    assert cli("cp", "-", "vm:/tmp", input=archive, text=False).returncode == 0
    assert cli("exec", "vm", "cat", "/tmp/name").stdout == "A\n"
    for words in (["vm:/nosuch", "."], [str(folder / "a"), "vm:/nosuch/x"], ["vm:/in/name/", "."]):
        refused = cli("cp", *words)
        assert (refused.returncode, refused.stderr.count("\n")) == (1, 1)
        assert "no such" in refused.stderr


def a_full_disk_is_the_programs_trouble():
    """It hears of it; whatever needs no room goes on."""
    filled = cli("exec", "vm", "sh", "-c", "cat /dev/zero > /full")
    assert (filled.returncode, filled.stderr.count("No space left on device")) == (1, 1)
    assert cli("exec", "vm", "sh", "-c", "rm /full && echo room > /a && cat /a").stdout == "room\n"


@pytest.mark.qemu
def test_a_program_may_be_asked_for_while_the_machine_boots(registry):
    """Its firmware has not said a word yet, and QEMU is to be given more ports."""
    box = ("--isolation", "qemu", "--name", "vm", "hello", "sleep", "600")
    assert cli("run", "-d", *box).returncode == 0
    try:
        for _ in range(2):
            done = cli("exec", "vm", "echo", "here")
            assert (done.returncode, done.stdout, done.stderr) == (0, "here\n", "")
    finally:
        cli("rm", "-f", "vm")


@GUESTS
def test_who_waits_for_a_guest_passes_signals_on(registry, isolation):
    """SIGTERM to `realrun run` is the program's, which chooses its exit code."""
    words = ["run", "--rm", "--isolation", isolation, "hello", "sh", "-c", LISTENER]
    with started(*words) as process:
        assert process.stdout.readline() == "up\n"
        process.send_signal(signal.SIGUSR1)
        assert process.stdout.readline() == "heard\n"
        process.send_signal(signal.SIGTERM)
        assert (process.wait(HANG_S), process.stdout.readline()) == (9, "ends\n")


@GUESTS
def test_programs_beside_each_other_and_a_guest_that_hangs(registry, isolation, vm, monkeypatch):
    """As many as there are channels for; one more is refused; a killed caller's program goes."""
    container = vm(isolation)
    with ExitStack() as stack:
        script = ["exec", "vm", "sh", "-c", "echo $$; exec sleep 1000"]
        callers = [stack.enter_context(started(*script)) for _ in range(SESSIONS)]
        pids = [one.stdout.readline().strip() for one in callers]
        assert all(map(str.isdigit, pids))
        refused = cli("exec", "vm", "true")
        assert (refused.returncode, refused.stderr.count("\n")) == (1, 1)
        kill(callers[0].pid)
        alive = ["exec", "vm", "sh", "-c", f"kill -0 {pids[0]} 2> /dev/null || echo gone"]
        until(lambda: cli(*alive).stdout == "gone\n", "the program has ended, and is one less")
        hang(registry, container, monkeypatch)
        assert [one.wait(HANG_S) for one in callers[1:]] == [137] * (SESSIONS - 1)
    told = registry.state(container)
    assert (told.status, told.exit_code, told.error) == (EXITED, 137, "")


def hang(registry, container, monkeypatch):
    """Its monitor stands still: `exec` says so after its time, `stop` kills it."""
    os.kill(registry.state(container).pid, signal.SIGSTOP)
    monkeypatch.setattr(visits, "PATIENCE_S", 0.5)
    more = joining.More(words=["true"])
    with Watch() as starter, pytest.raises(GuestFailed, match="has not answered within"):
        joining.run(registry, container, more, starter, ignore, ignore, None)
    assert cli("stop", "-t", "1", "vm").returncode == 0


@GUESTS
def test_a_terminal_of_its_own(registry, isolation):
    """As large as ours, also when that changes; its last word is heard after Ctrl-C."""
    master, slave = pty.openpty()
    resize(slave, 10, 20)
    script = (
        "tty; stty size; trap 'stty size' WINCH; trap 'echo caught; exit 6' INT; echo ready;"
        "while :; do sleep 0.05; done"
    )
    words = [*COMMAND, "run", "--rm", "-it", "--isolation", isolation, "hello", "sh", "-c", script]
    with subprocess.Popen(words, stdin=slave, stdout=slave, stderr=slave) as process:
        os.close(slave)
        assert read_until(master, b"ready").split()[:3] == [b"/dev/pts/0", b"10", b"20"]
        resize(master, 44, 55)
        process.send_signal(signal.SIGWINCH)
        read_until(master, b"44 55")
        os.write(master, b"\x03")
        read_until(master, b"caught")
        assert process.wait(HANG_S) == 6
    os.close(master)
