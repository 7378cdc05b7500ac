"""The same verbs for a guest: a virtual machine in the background."""

from __future__ import annotations

import pytest

from realrun.containers.record import EXITED, RUNNING
from tests.realrun.stage import cli, until

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


@GUESTS
def test_a_guest_is_stopped(registry, isolation):
    script = "echo up; sleep 1000"
    cli("run", "-d", "--isolation", isolation, "--name", "vm", "hello", "sh", "-c", script)
    container = registry.find("vm")
    log = registry.path(container.id) / "log"
    until(lambda: b"up" in log.read_bytes(), "it says up")
    assert registry.state(container).status == RUNNING
    assert cli("stop", "-t", "5", "vm").returncode == 0
    told = registry.state(container)
    assert (told.status, told.exit_code, told.error) == (EXITED, 143, "")


@GUESTS
def test_exec_and_input_are_refused_in_one_line(registry, isolation):
    done = cli("run", "-d", "--isolation", isolation, "--name", "vm", "hello", "sleep", "1000")
    assert done.returncode == 0
    refused = cli("exec", "vm", "true")
    assert (refused.returncode, refused.stdout, refused.stderr.count("\n")) == (126, "", 1)
