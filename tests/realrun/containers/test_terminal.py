"""-t: a terminal of the program's own, with our keys and our size, and none of ours given away."""

from __future__ import annotations

import fcntl
import os
import pty
import signal
import struct
import subprocess
import termios

import pytest

from realrun.linux.terminal import resize
from tests.realrun.stage import COMMAND, HANG_S, cli, until

pytestmark = pytest.mark.overlay


def test_size_name_and_console(registry, terminal):
    script = "tty; stty size; ls -l /dev/console | cut -c1; test -t 0 && test -t 2 && echo yes"
    out, code = terminal("run", "--rm", "-it", "hello", "sh", "-c", script)
    assert out.split() == ["/dev/pts/0", "33", "101", "c", "yes"]
    assert code == 0


def test_without_it_no_terminal_of_ours_goes_in(registry, terminal):
    """Else the program could type into it (TIOCSTI)."""
    script = "for n in 0 1 2; do test -t $n && echo $n; done; cat"
    out, _ = terminal("run", "--rm", "-i", "hello", "sh", "-c", script, keys=b"typed\n\x04")
    assert out.split() == ["typed", "typed"]  # the terminal's echo, and cat's


def test_keys_go_in_and_ctrl_c_is_the_programs(registry, terminal):
    script = "trap 'echo caught; exit 6' INT; echo ready; while :; do sleep 0.05; done"
    out, code = terminal("run", "--rm", "-it", "hello", "sh", "-c", script, keys={"ready": b"\x03"})
    assert out.split()[-1].removeprefix("^C") == "caught"
    assert code == 6


def test_a_new_size_is_passed_on(registry):
    master, slave = pty.openpty()
    resize(slave, 10, 20)
    script = "trap 'stty size; exit' WINCH; echo ready; while :; do sleep 0.05; done"
    words = [*COMMAND, "run", "--rm", "-it", "hello", "sh", "-c", script]
    with subprocess.Popen(words, stdin=slave, stdout=slave, stderr=slave) as process:
        os.close(slave)
        heard = read_until(master, b"ready")
        resize(master, 44, 55)
        process.send_signal(signal.SIGWINCH)
        heard += read_until(master, b"44 55")
        assert process.wait(HANG_S) == 0
    os.close(master)


def test_our_terminal_is_as_before(registry):
    master, slave = pty.openpty()
    before = termios.tcgetattr(slave)
    words = [*COMMAND, "run", "--rm", "-it", "hello", "true"]
    subprocess.run(words, stdin=slave, stdout=slave, stderr=slave, timeout=HANG_S, check=True)
    assert termios.tcgetattr(slave) == before
    os.close(slave)
    os.close(master)


def test_input_that_is_no_terminal_is_refused(registry):
    done = cli("run", "-it", "hello", "true", input="")
    assert (done.returncode, done.stderr.count("\n"), registry.ids()) == (1, 1, [])


def test_a_detached_terminal_is_logged(registry):
    cli("run", "-d", "-t", "--name", "far", "hello", "sh", "-c", "tty; echo err >&2")
    cli("wait", "far")
    log = (registry.path(registry.find("far").id) / "log").read_bytes()
    assert [line.split(b" ", 1)[1] for line in log.split(b"\n")[:-1]] == [
        b"stdout F /dev/pts/0\r",
        b"stdout F err\r",
    ]


def test_the_terminals_size_is_two_numbers():
    master, slave = pty.openpty()
    resize(slave, 3, 4)
    found = fcntl.ioctl(master, termios.TIOCGWINSZ, bytes(8))
    assert struct.unpack("HHHH", found)[:2] == (3, 4)
    os.close(master)
    os.close(slave)


def read_until(fd: int, sign: bytes) -> bytes:
    """What comes out of a terminal up to `sign`."""
    heard = b""

    def more() -> bool:
        nonlocal heard
        heard += os.read(fd, 65536)
        return sign in heard

    until(more, f"{sign!r} on the terminal")
    return heard
