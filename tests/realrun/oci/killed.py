"""The command line, killed with SIGKILL at the Nth change that it or its child makes.

`python -m tests.realrun.oci.killed N WORDS`: every process of the engine's counts for itself. Ends
with 99 if there were fewer changes.
"""

from __future__ import annotations

import os
import signal
import sys
from typing import Any

CHANGES = {"os.mkdir", "os.rmdir", "os.rename", "os.remove", "os.symlink", "os.truncate",
           "shutil.rmtree", "ctypes.call_function", "os.kill", "os.chown"}  # fmt: skip
WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT


class Killer:
    """An audit hook (PEP 578) that counts changes."""

    def __init__(self, at: int) -> None:
        self.left = at

    def __call__(self, event: str, args: tuple[Any, ...]) -> None:
        if event in CHANGES or (event == "open" and isinstance(args[2], int) and args[2] & WRITING):
            self.left -= 1
            if self.left == 0:
                os.kill(os.getpid(), signal.SIGKILL)


def main() -> int:
    from realrun import cli
    from realrun.linux import ownbinary
    from realrun.oci import creating, executing, starting  # noqa: F401  imports open files, too

    os.environ[ownbinary.MARK] = str(os.getpid())  # no new life, which would not be counted
    killer = Killer(int(sys.argv[1]))
    sys.addaudithook(killer)
    code = cli.main(sys.argv[2:])
    return 99 if killer.left > 0 and code == 0 else code


if __name__ == "__main__":
    sys.exit(main())
