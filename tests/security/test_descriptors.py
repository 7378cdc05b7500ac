"""What a caller or the engine has open leads nobody out.

CVE-2024-21626: a working directory in /proc/self/fd is one of the engine's. CVE-2016-9962: a
container looks into what is joining it. A descriptor of a file can be opened anew, to write.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from tests.realrun.stage import COMMAND, cli, started
from tests.security import attacker
from tests.security.sides import none, succeeds

pytestmark = [pytest.mark.root, pytest.mark.overlay]
NUMBERS = range(3, 12)


def test_no_descriptor_of_the_callers_is_inherited(sides, told, root, tmp_path):
    """And without an engine it is."""
    host = os.open("/", os.O_RDONLY | os.O_DIRECTORY)
    name = "leaked descriptor"
    words = [*COMMAND, "run", "--rm", "attacker", *attacker.attack("/attacks", [name])]
    bare = [*none(told).command, *attacker.attack(str(attacker.PROJECT), [name])]
    inside, outside = (
        json.loads(subprocess.run(one, pass_fds=[host], cwd=attacker.PROJECT, check=True,
                                  capture_output=True).stdout)[name]
        for one in (words, bare)
    )  # fmt: skip
    os.close(host)
    assert (inside, succeeds(outside)) == ("EBADF", True)


@pytest.mark.parametrize("verb", ["run", "exec"])
def test_no_working_directory_leads_out(root, told, verb):
    """Whatever number the engine's descriptors have; the callers lead to the mark, too."""
    look = f"ls {told['MARK']} ../{told['MARK']} ../../../{told['MARK']}; pwd"
    name = cli("run", "-d", "attacker", "sleep", "100").stdout.strip()
    host = os.open("/", os.O_RDONLY | os.O_DIRECTORY)
    seen = []
    for number in NUMBERS:
        place = ["-w", f"/proc/self/fd/{number}"]
        before = ["run", "--rm", *place, "attacker"] if verb == "run" else ["exec", *place, name]
        done = cli(*before, "sh", "-c", look, pass_fds=[host])
        seen.append(done.stdout.replace("/\n", ""))
    os.close(host)
    cli("rm", "-f", name)
    assert "".join(seen) == ""


def test_a_file_that_is_the_input_cannot_be_written_to(root, tmp_path):
    """Through /proc/self/fd/0; without an engine it can."""
    text, write = tmp_path / "text", "cat; echo changed > /proc/self/fd/0"
    text.write_text("hello\n")
    with open(text, encoding="utf-8") as stdin:
        done = cli("run", "--rm", "-i", "attacker", "sh", "-c", write, stdin=stdin)
    assert (done.stdout, text.read_text()) == ("hello\n", "hello\n")
    with open(text, encoding="utf-8") as stdin:
        subprocess.run(["sh", "-c", write], stdin=stdin, stdout=subprocess.DEVNULL)
    assert text.read_text() == "changed\n"


def test_a_large_file_arrives_whole(root, tmp_path):
    (tmp_path / "large").write_bytes(os.urandom(1 << 20) * 5)
    with open(tmp_path / "large", "rb") as stdin:
        done = cli(
            "run", "--rm", "-i", "attacker", "sh", "-c", "cat | cat", stdin=stdin, text=False
        )
    assert done.stdout == (tmp_path / "large").read_bytes()


SPY = r"""
import ctypes, os, sys, time
libc, told, end = ctypes.CDLL(None, use_errno=True), set(), time.time() + 60
here = (ctypes.c_size_t * 2)(ctypes.addressof(ctypes.create_string_buffer(1)), 1)
there = (ctypes.c_size_t * 2)(8, 1)  # nothing is there: EFAULT comes behind the question of rights
def comm(pid):
    with open(f"/proc/{pid}/comm") as file:
        return file.read().strip()
print("ready", flush=True)
while not os.path.exists("/enough") and time.time() < end:
    for pid in filter(str.isdigit, os.listdir("/proc")):
        if pid in ("1", str(os.getpid())):
            continue
        for name in ("exe", "cwd", "root"):
            try:
                told.add(f"{name} {os.readlink(f'/proc/{pid}/{name}')}")
            except OSError:
                pass
        try:
            with open(f"/proc/{pid}/environ", "rb") as file:
                told.add("secret" if b"HOST_SECRET" in file.read() else "environ")
            for fd in os.listdir(f"/proc/{pid}/fd"):
                told.add("fd " + os.readlink(f"/proc/{pid}/fd/{fd}").split(":")[0])
        except OSError:
            pass
        try:
            before = comm(pid)
            ctypes.set_errno(0)
            libc.process_vm_readv(int(pid), here, 1, there, 1, 0)
            could = ctypes.get_errno() == 14
            if comm(pid) == before:
                told.add(f"{'could trace' if could else 'saw'} {before}")
        except OSError:
            pass
for line in sorted(told):
    print(line)
"""
EXECS = """
import os, sys, realrun
os.environ["HOST_SECRET"] = "1"
box = realrun.container(sys.argv[1])
for _ in range(60):
    box.exec("true")
"""


def spied(options: list[str]) -> set[str]:
    """What a program inside came to see of others that joined it, and of their engine.

    Whether it could trace them it asks with process_vm_readv(2): the kernel's question is the same.
    """
    spy = [attacker.python(), "-I", "-S", "-c", SPY]
    with started("run", "--name", "spied", "--rm", *options, "attacker", *spy) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        command = [sys.executable, "-c", EXECS, "spied"]
        done = subprocess.run(command, cwd=attacker.PROJECT, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        for _ in range(5):
            cli("exec", "spied", "true", env={"HOST_SECRET": "1"})
        cli("exec", "spied", "touch", "/enough")
        return set(process.stdout.read().split("\n")) - {""}


def test_nobody_looks_into_what_is_joining(root):
    """Nor traces it, before it is the program: then it has no more rights than who looks."""
    seen = spied([])
    assert any(line.startswith("saw ") for line in seen)  # it did come by
    own = {f"could trace {name}" for name in ("true", "touch", "busybox")}
    theirs = {line for line in seen if not line.startswith("saw ")}
    assert theirs <= {
        "exe /bin/busybox",
        "cwd /",
        "root /",
        "environ",
        "fd pipe",
        "fd /dev/null",
        *own,
    }


def test_who_may_trace_finds_no_descriptor_of_the_engines(root):
    """CAP_SYS_PTRACE opens every process that is in sight, in Docker as well: of what joins that is
    its memory and its rights, but neither a file, a directory nor a socket of this machine."""
    seen = spied(["--cap-add", "SYS_PTRACE"])
    assert "could trace true" in seen
    found = {line.split()[1] for line in seen if line.startswith("fd ")}
    assert {name for name in found if not name.startswith("/proc/")} <= {"pipe", "/dev/null"}
    assert {line for line in seen if line.startswith(("cwd", "root"))} <= {"cwd /", "root /"}
