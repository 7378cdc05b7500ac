"""A step of a monitor's start: a server for what is shared, beside the monitor, in its jail.

It keeps the rights that it needs to act for the guest's users, and gives up the others itself; the
folder that it serves becomes its root (virtiofsd(1), `sandbox`). Light, as all that a child needs.
"""

from __future__ import annotations

import os
import socket

from realrun.linux import descriptors


def serve(argv: list[str], env: dict[str, str], folder: str, name: str) -> None:
    """Listen on the socket `name` in `folder`; a child serves it as long as we live."""
    os.chdir(folder)
    with socket.socket(socket.AF_UNIX) as door:
        door.bind(name)
        door.listen(1)
        if os.fork():
            return
        try:
            os.dup2(door.fileno(), 4)
            descriptors.close_all(5)
            os.execve(argv[0], argv, env)
        finally:
            os._exit(127)
