"""Programs with the setuid bit: what they gain, and that `no-new-privileges` takes it away."""

from __future__ import annotations

import os

import pytest

from tests.realrun.stage import cli
from tests.security import attacker

pytestmark = [pytest.mark.root, pytest.mark.overlay]
LOOK = """
import os
status = dict(line.rstrip().split(":\\t") for line in open("/proc/self/status") if ":\\t" in line)
print(os.geteuid(), status["CapEff"] != "0" * 16, status["NoNewPrivs"])
"""
SETUID = [f"{attacker.python()}-setuid", "-I", "-S", "-c", LOOK]
CLOSED = ["--security-opt", "no-new-privileges"]


@pytest.mark.parametrize(
    ("options", "expected"),
    [([], "0 True 0"), (CLOSED, "1000 False 1"), (["--init", *CLOSED], "1000 False 1")],
)
def test_a_setuid_program_gains_as_much_as_the_options_say(root, options, expected):
    """The first line is the control. Root is inside what root is inside: never more."""
    done = cli("run", "--rm", "-u", "maya", *options, "attacker", *SETUID)
    assert done.stdout.strip() == expected


@pytest.mark.parametrize(("options", "expected"), [([], "0 True 0"), (CLOSED, "1000 False 1")])
def test_what_is_executed_later_has_no_more(root, options, expected):
    name = cli("run", "-d", *options, "attacker", "sleep", "60").stdout.strip()
    done = cli("exec", "-u", "maya", name, *SETUID)
    cli("rm", "-f", name)
    assert done.stdout.strip() == expected


def test_a_new_layer_of_setuid_programs_is_out_of_others_reach(root):
    """On the host nobody but root gets to the files of an image or a container."""
    for name in ("layers", "instances", "containers"):
        assert os.stat(root / name).st_mode & 0o077 == 0
