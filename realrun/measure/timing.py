"""How long a command takes, and what it takes for it: as the kernel counts.

The command is started by a small Python of its own: a process remembers as its peak of memory what
its parent had when it began, and we are large.

Source: wait4(2), getrusage(2): `ru_maxrss` is the largest of the command and of what it waited for;
execve(2) keeps it.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from realrun.errors import RealRunError

KIB_PER_MIB = 1024
STARTER = """
import os, sys, time
begin = time.monotonic_ns()
pid = os.posix_spawnp(sys.argv[2], sys.argv[2:], os.environ)
_, status, used = os.wait4(pid, 0)
taken = (time.monotonic_ns() - begin) / 1e9, used.ru_utime + used.ru_stime, used.ru_maxrss
os.write(int(sys.argv[1]), repr([*taken, os.waitstatus_to_exitcode(status)]).encode())
"""


class Taken(NamedTuple):
    """Wall clock from the start to the end; processor time of user and system."""

    duration_s: float
    cpu_s: float
    peak_mib: float


def timed(command: Sequence[str], env: Mapping[str, str], cwd: Path) -> Taken:
    """Run it to its end, without an input. A failure is an error, never a time."""
    with tempfile.TemporaryFile() as said, tempfile.TemporaryFile() as told:
        subprocess.run(
            [sys.executable, "-I", "-S", "-c", STARTER, str(told.fileno()), *command],
            env=dict(env),
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=said,
            pass_fds=(told.fileno(),),
        )
        told.seek(0)
        said.seek(0)
        found = json.loads(told.read() or b"[0, 0, 0, 127]")
        if code := found.pop():
            words = said.read().decode("utf-8", "replace").split()
            raise RealRunError(
                f"{os.path.basename(command[0])} failed (exit code {code}):"
                f" {' '.join(words)[-300:]}"
            )
    duration_s, cpu_s, peak_kib = found
    return Taken(duration_s, cpu_s, peak_kib / KIB_PER_MIB)
