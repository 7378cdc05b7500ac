"""An ordinary user's files of subordinate ids: what has to be done by a process that has those ids.

It is a Python of its own, for to enter a user namespace is for a process with a single thread, and
the rest of ours is to stay outside (`runtime.ownids`).
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from realrun.errors import RealRunError

HOME = str(Path(__file__).parents[2])
CODE = f"import sys; sys.path.insert(0, {HOME!r}); from realrun.runtime.ownids import main; main()"
NONE_HERE = 3  # the exit code where there are no such ids


def carried_out(verb: str, *words: str) -> bool:
    """Have it done; false where nobody but root or we ourselves can do it. Raises RealRunError."""
    if os.geteuid() == 0:
        return False
    reader, writer = os.pipe2(os.O_CLOEXEC)
    called = [sys.executable, "-I", "-S", "-c", CODE, verb, *words]
    with open(reader, encoding="utf-8", errors="replace") as told:
        actions = [(os.POSIX_SPAWN_DUP2, writer, 2)]
        pid = os.posix_spawn(called[0], called, os.environ, file_actions=actions)
        os.close(writer)
        why = told.read().strip()
    code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    if code not in (0, NONE_HERE):
        raise RealRunError(why or f"{verb}: killed ({code})")
    return code == 0
