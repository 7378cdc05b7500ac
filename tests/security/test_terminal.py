"""Nobody types into the terminal of whoever started a container (TIOCSTI, CVE-2017-5226)."""

from __future__ import annotations

import fcntl
import os
import pty
import struct
import subprocess
import termios
from pathlib import Path

import pytest

from tests.realrun.stage import COMMAND, HANG_S
from tests.security import attacker

pytestmark = [pytest.mark.root, pytest.mark.overlay]
ATTACK = "type into the terminal"


def typed(*words: str) -> int:
    """How many bytes wait in our terminal for a shell, after this has run on it."""
    master, slave = pty.openpty()
    try:
        subprocess.run(
            words, stdin=slave, stdout=slave, stderr=slave, cwd=attacker.PROJECT,
            start_new_session=True, preexec_fn=take_terminal, timeout=HANG_S,
        )  # fmt: skip
        settings = termios.tcgetattr(slave)
        settings[3] &= ~termios.ICANON  # else what is no whole line would not be counted
        termios.tcsetattr(slave, termios.TCSANOW, settings)
        return int(struct.unpack("i", fcntl.ioctl(slave, termios.FIONREAD, bytes(4)))[0])
    finally:
        os.close(master)
        os.close(slave)


def take_terminal() -> None:
    """Make the input the terminal of our session."""
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


def test_without_an_engine_one_can():
    """The control; a kernel may have switched it off (sysctl dev.tty.legacy_tiocsti)."""
    found = typed(*attacker.attack(str(attacker.PROJECT), [ATTACK]))
    switch = Path("/proc/sys/dev/tty/legacy_tiocsti")
    if not found and switch.exists() and switch.read_text() == "0\n":
        pytest.skip("dev.tty.legacy_tiocsti is 0 here: nobody can")
    assert found == 1


@pytest.mark.parametrize("options", [[], ["-i"], ["-t"], ["-it"], ["--isolation", "process"]],
                         ids=" ".join)  # fmt: skip
def test_from_a_container_nobody_can(root, options):
    words = attacker.attack("/attacks", [ATTACK])
    assert typed(*COMMAND, "run", "--rm", *options, "attacker", *words) == 0


def test_nor_from_what_is_executed_in_one(root):
    words = attacker.attack("/attacks", [ATTACK])
    command = [*COMMAND, "run", "-d", "attacker", "sleep", "60"]
    name = subprocess.run(command, cwd=attacker.PROJECT, capture_output=True, text=True).stdout
    assert typed(*COMMAND, "exec", "-it", name.strip(), *words) == 0
    subprocess.run([*COMMAND, "rm", "-f", name.strip()], cwd=attacker.PROJECT, capture_output=True)
