"""The same verbs for a guest: a virtual machine in the background."""

from __future__ import annotations

import os
import pty
import signal
import subprocess
from contextlib import ExitStack

import pytest

from realrun.containers.record import EXITED
from realrun.guest.backends import SESSIONS
from realrun.linux.terminal import resize
from tests.realrun.containers.test_terminal import read_until
from tests.realrun.stage import COMMAND, HANG_S, cli, kill, started, until

GUESTS = pytest.mark.parametrize(
    "isolation",
    [pytest.param("uml", marks=pytest.mark.uml), pytest.param("qemu", marks=pytest.mark.qemu)],
)


@GUESTS
def test_a_guest_in_the_background(registry, isolation):
    script = "echo up; echo err >&2; exit 5"
    done = cli("run", "-d", "--isolation", isolation, "--name", "vm", "hello", "sh", "-c", script)
    assert (done.returncode, done.stderr) == (0, "")
    assert cli("wait", "vm").stdout == "5\n"
    log = (registry.path(registry.find("vm").id) / "log").read_text()
    said = sorted(line.split(" ", 1)[1] for line in log.splitlines())
    assert said == ["stderr F err", "stdout F up"]


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
def test_signals_go_to_the_program(registry, isolation, vm):
    """It takes its time and chooses its exit code, as in a container."""
    container = vm(isolation)
    log = registry.path(container.id) / "log"
    assert cli("kill", "-s", "USR1", "vm").returncode == 0
    until(lambda: b"heard" in log.read_bytes(), "it has heard")
    assert cli("stop", "-t", "30", "vm").returncode == 0
    told = registry.state(container)
    assert (told.status, told.exit_code, told.error) == (EXITED, 9, "")
    assert b"ends" in log.read_bytes()


@GUESTS
def test_who_does_not_end_is_killed_after_its_time(registry, isolation, vm):
    """And one that is killed at once was killed."""
    container = vm(isolation, script="trap '' TERM; echo up; sleep 1000")
    assert cli("stop", "-t", "1", "vm").returncode == 0
    told = registry.state(container)
    assert (told.status, told.exit_code, told.error) == (EXITED, 137, "")


@GUESTS
def test_exec_means_the_same(registry, isolation, vm, terminal):
    """Words, streams, exit codes, input of every byte, settings, users, terminals, Ctrl-C."""
    vm(isolation)
    one = cli("exec", "vm", "sh", "-c", "echo out; echo err >&2; exit 7")
    assert (one.returncode, one.stdout, one.stderr) == (7, "out\n", "err\n")
    words = ["-e", "A=b c", "-w", "/tmp", "-u", "1234:77"]
    asked = cli("exec", *words, "vm", "sh", "-c", "echo $A; pwd; id -u; id -g; id -G")
    assert asked.stdout.split("\n") == ["b c", "/tmp", "1234", "77", "77", ""]
    assert cli("exec", "vm", "nosuch").returncode == 127
    data = bytes(range(256)) * 300
    back = cli("exec", "-i", "vm", "cat", input=data, text=False)
    assert (back.returncode, back.stdout, back.stderr) == (0, data, b"")
    out, code = terminal("exec", "-it", "vm", "sh", "-c", "tty; stty size; exit 5")
    assert (out.split(), code) == (["/dev/pts/0", "33", "101"], 5)
    script = "trap 'echo caught; exit 6' INT; echo ready; while :; do sleep 0.05; done"
    out, code = terminal("exec", "-it", "vm", "sh", "-c", script, keys={"ready": b"\x03"})
    assert (out.split()[-1].removeprefix("^C"), code) == ("caught", 6)
    assert cli("exec", "-d", "vm", "sh", "-c", "echo made > /made").returncode == 0
    until(lambda: cli("exec", "vm", "cat", "/made").stdout == "made\n", "it has run")


@GUESTS
def test_programs_beside_each_other(registry, isolation, vm):
    """As many as there are channels for; one more is refused; a killed caller's program goes."""
    vm(isolation)
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
        cli("kill", "vm")
        assert [one.wait(HANG_S) for one in callers[1:]] == [137] * (SESSIONS - 1)


@GUESTS
def test_a_terminal_of_its_own(registry, isolation, terminal):
    """As large as ours, and Ctrl-C is the program's."""
    script = (
        "tty; stty size; test -t 0 && test -t 2 && echo yes;"
        "trap 'echo caught; exit 6' INT; echo ready; while :; do sleep 0.05; done"
    )
    words = ["run", "--rm", "-it", "--isolation", isolation, "hello", "sh", "-c", script]
    out, code = terminal(*words, keys={"ready": b"\x03"})
    *told, last = out.split()
    assert told[:5] == ["/dev/pts/0", "33", "101", "yes", "ready"]
    assert (last.removeprefix("^C"), code) == ("caught", 6)


@GUESTS
def test_a_new_size_is_passed_on(registry, isolation):
    master, slave = pty.openpty()
    resize(slave, 10, 20)
    script = "trap 'stty size; exit' WINCH; echo ready; while :; do sleep 0.05; done"
    words = [*COMMAND, "run", "--rm", "-it", "--isolation", isolation, "hello", "sh", "-c", script]
    with subprocess.Popen(words, stdin=slave, stdout=slave, stderr=slave) as process:
        os.close(slave)
        read_until(master, b"ready")
        resize(master, 44, 55)
        process.send_signal(signal.SIGWINCH)
        read_until(master, b"44 55")
        assert process.wait(HANG_S) == 0
    os.close(master)


LOOK = "cd /in; ls -A . it; cat it/a name; stat -c '%u:%g %a' name; readlink it/link"


@GUESTS
def test_files_are_copied_in_and_out_while_it_runs(registry, isolation, vm, tmp_path):
    """By Docker's rules, and a link of the guest's leads nowhere but inside."""
    vm(isolation)
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


@pytest.mark.uml
def test_what_a_guest_cannot_do_is_refused_with_why(registry, vm):
    container = vm("uml", script="echo up; exec sleep 1000")
    for verb in ("diff", "export", "commit"):
        refused = cli(verb, "vm", *(["made"] if verb == "commit" else []))
        assert (refused.returncode, refused.stderr.count("\n")) == (1, 1)
        assert "read by its own kernel alone" in refused.stderr
    cli("kill", "vm")
    refused = cli("cp", "vm:/etc", "-")
    assert (refused.returncode, refused.stderr.count("\n")) == (1, 1)
    assert "does not run" in refused.stderr
    assert registry.state(container).status == EXITED
