"""No key of this machine's, and none of another container's, is in reach: run, exec and RUN.

The filter of system calls refuses keyctl(2); without it the keyring has to hold by itself. The
probe is run by this machine's Python, whose files are mounted into the container.
"""

from __future__ import annotations

import ctypes
import errno
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from realrun import building
from realrun.build.bench import Job
from realrun.errors import KernelRefused
from realrun.linux import calls, processes
from realrun.linux.syscalls import numbers
from realrun.runtime import planning
from realrun.runtime.users import User
from tests.realrun.stage import COMMAND, HANG_S, PROJECT, cli, until

pytestmark = [pytest.mark.overlay, pytest.mark.root]
CALLS = numbers(os.uname().machine)
PYTHON = (os.path.realpath(sys.executable), "-I", "-S", "-c")
SESSION, USER_KEY = -3, b"user"
JOIN, DESCRIBE, LINK, SEARCH, READ = 1, 6, 8, 10, 11
PROBE = f"""
import ctypes, errno, json, sys
libc = ctypes.CDLL(None, use_errno=True)
def call(number, *args):
    made = libc.syscall(number, *args)
    return made if made >= 0 else errno.errorcode[ctypes.get_errno()]
def keyctl(*args):
    return call({CALLS["keyctl"]}, *args)
buffer = ctypes.create_string_buffer(256)
def looked(name, ring, key):
    return [keyctl({SEARCH}, {SESSION}, b"user", name, 0), keyctl({READ}, key, buffer, 256),
            keyctl({DESCRIBE}, ring, buffer, 256), keyctl({LINK}, ring, {SESSION})]
def add(name):
    return call({CALLS["add_key"]}, b"user", name, b"secret", 6, {SESSION})
"""
HIDDEN = ["ENOKEY", "EACCES", "EACCES", "EACCES"]
LOOK = PROBE + "print(json.dumps(looked(sys.argv[1].encode(), *map(int, sys.argv[2:]))))"
ADD = (
    PROBE
    + f"key = add(b'other'); print(json.dumps([keyctl(0, {SESSION}, 0), key, "
    + "*looked(b'other', 0, key)[:2]]), flush=True)"
)
BESIDE = """
import os, subprocess, sys
sys.path.insert(0, {project!r})
from tests.realrun.containers.test_keyrings import hold_a_key
sys.exit(subprocess.run([*sys.argv[1:], *map(str, hold_a_key())]).returncode)
"""


@pytest.fixture
def tools_inside() -> list[str]:
    """Options that bring this machine's Python into a container without a filter."""
    paths = {os.path.realpath(sys.base_prefix), *map(os.path.realpath, ("/lib", "/lib64"))}
    binds = {f"{path}:{path}:ro" for path in paths}
    binds |= {f"{os.path.realpath(path)}:{path}:ro" for path in ("/lib", "/lib64")}
    return [*(f"-v={bind}" for bind in sorted(binds)), "--security-opt", "seccomp=unconfined"]


def hold_a_key() -> tuple[int, int]:
    """A session keyring of our own that others of our user may look into, and a key in it."""
    libc = ctypes.CDLL(None)
    ring = libc.syscall(CALLS["keyctl"], JOIN, None)
    key = libc.syscall(CALLS["add_key"], USER_KEY, b"ours", b"secret", 6, SESSION)
    assert min(ring, key) > 0
    return ring, key


def beside_a_key(*words: str) -> subprocess.CompletedProcess[str]:
    """A command whose caller has a key; keyring and key become its last words."""
    code = BESIDE.format(project=str(PROJECT))
    return subprocess.run([sys.executable, "-c", code, *words], cwd=PROJECT, capture_output=True,
                          text=True, timeout=HANG_S, check=False)  # fmt: skip


def seen(done) -> list[object]:
    assert (done.returncode, done.stderr) == (0, ""), done
    return list(json.loads(done.stdout))


def without_names(looked: list[object]) -> list[object]:
    """What a keyring of the same user's is called can be asked (keyrings(7))."""
    return [*looked[:2], "EACCES" if isinstance(looked[2], int) else looked[2], looked[3]]


def test_the_probe_finds_the_key_where_nothing_hides_it(root):
    found, read, shown, _ = seen(beside_a_key(*PYTHON, LOOK, "ours"))
    assert [type(one) for one in (found, read, shown)] == [int] * 3


def test_a_container_has_an_empty_keyring(root, tools_inside):
    words = ["run", "--rm", *tools_inside, "hello", *PYTHON, LOOK, "ours"]
    assert without_names(seen(beside_a_key(*COMMAND, *words))) == HIDDEN


def test_neither_exec_nor_another_container_finds_a_key(registry, tools_inside):
    """A key in the first container's keyring; looked for beside it, and from the next one."""
    code = ADD + "; import time; time.sleep(1000)"
    done = cli("run", "-d", "--name", "first", *tools_inside, "hello", *PYTHON, code)
    assert done.returncode == 0, done.stderr
    line = until(lambda: cli("logs", "first").stdout, "what it has found")
    ring, key, found, read = json.loads(line)
    assert [found, read] == [key, 6]
    look = [*PYTHON, LOOK, "other", str(ring), str(key)]
    assert seen(cli("exec", "first", *look)) == HIDDEN
    assert seen(cli("run", "--rm", *tools_inside, "hello", *look)) == HIDDEN
    done = beside_a_key(*COMMAND, "exec", "first", *PYTHON, LOOK, "ours")
    assert without_names(seen(done)) == HIDDEN


def test_a_step_of_a_build_begins_with_no_key_either():
    """Its filter refuses to look; the plan has the step, while root's rights are all there."""
    job = Job(layers=[Path("/l")], upper=Path("/u"), argv=["true"], env={}, cwd="/", user="",
              network="none", mounts=(), on_output=print)  # fmt: skip
    plan = planning.make(building.spec_of(job), "/r/instances/f", User(1000))
    names = [step.name for step in plan.steps]
    assert names.index("keyring") < names.index("seccomp") < names.index("user")


def test_a_kernel_that_refuses_is_not_passed_over(monkeypatch):
    """A container whose keyring would be ours does not start."""

    monkeypatch.setattr(calls, "attempt", lambda call, _: refuse(call))

    def refuse(call):
        raise calls.refused(call, errno.EDQUOT)

    with pytest.raises(KernelRefused, match=r"raise kernel\.keys\.maxkeys"):
        calls.carry_out(processes.leave_keyring())
