"""Hear of it when a file of a folder is written to. Source: inotify(7)."""

from __future__ import annotations

import os
import select

from realrun.linux import libc

IN_MODIFY = 0x2
EVENTS_BYTES = 65536


class Changes:
    """Changes of a folder's files; an event that is already there when we look counts, too."""

    def __init__(self, folder: str) -> None:
        self.fd = libc.call("inotify_init1", os.O_CLOEXEC | os.O_NONBLOCK)
        libc.call("inotify_add_watch", self.fd, libc.text(folder), IN_MODIFY, on=folder)

    def wait(self, timeout_s: float) -> None:
        """Until something has changed since the last time, or the time is over."""
        if select.select([self.fd], [], [], timeout_s)[0]:
            os.read(self.fd, EVENTS_BYTES)

    def close(self) -> None:
        """Hear no more."""
        os.close(self.fd)
