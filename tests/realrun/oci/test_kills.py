"""SIGKILL at every single change that an operation makes: what is left can be deleted, and is."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from tests.realrun.oci.test_lifecycle import status
from tests.realrun.stage import HANG_S, PROJECT

pytestmark = [pytest.mark.root, pytest.mark.overlay, pytest.mark.cgroup]
MOST = 500  # only a guard


def cut(runtime, at: int, *words: str) -> int:
    """The operation, killed at its Nth change; its exit code."""
    command = [sys.executable, "-m", "tests.realrun.oci.killed", str(at), "oci", "--root",
               str(runtime.root), *words]  # fmt: skip
    with open(os.devnull, "r+b") as nothing:
        done = subprocess.run(command, cwd=PROJECT, stdin=nothing, stdout=nothing, stderr=nothing,
                              timeout=HANG_S)  # fmt: skip
    return done.returncode


def test_create_cut_anywhere(runtime):
    """The creator alone: when it is gone its child goes, too."""
    runtime.configure("sleep", "1000")
    runtime.write()
    for at in range(1, MOST):
        code = cut(runtime, at, "create", "--bundle", str(runtime.bundle), "c")
        if code == 99:
            break
        assert code != 0, at
        runtime.ok("delete", "--force", "c")
        assert runtime.left() == [], at
    assert code == 99
    assert at > 20
    assert status(runtime) == "created"


@pytest.mark.parametrize("operation", ["start", "delete"])
def test_the_others_cut_anywhere(runtime, operation):
    runtime.configure("sleep", "1000")
    for at in range(1, MOST):
        runtime.create()
        if operation == "delete":
            runtime.ok("kill", "c", "KILL")
        code = cut(runtime, at, operation, *(["--force"] if operation == "delete" else []), "c")
        runtime.ok("delete", "--force", "c")
        assert runtime.left() == [], at
        if code == 99:
            break
    assert code == 99
    assert at > 2
