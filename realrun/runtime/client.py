"""The caller's end of the spawner process: the same methods as `Watch`."""

from __future__ import annotations

import json
import os
import select
import socket
import subprocess
from typing import Any

from realrun.errors import RealRunError
from realrun.linux import ownbinary
from realrun.runtime.server import LARGEST, PACKET
from realrun.runtime.watch import Event


class SpawnerDied(RealRunError):
    """Somebody has killed it, and with it all that it has started."""

    def __init__(self) -> None:
        super().__init__(
            "the spawner process has died, and with it what it ran; `realrun prune` cleans up"
        )


class Spawner:
    """A small process that starts instances for this one, however large this one is.

    Use it in `with`; leaving kills and cleans up whatever still runs.
    """

    def __init__(self) -> None:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        words = [*ownbinary.python("realrun.runtime.server"), str(theirs.fileno())]
        with theirs, ownbinary.out_of_reach() as (executable, fds):
            self.process = subprocess.Popen(
                words, executable=executable, pass_fds=[theirs.fileno(), *fds], env={}
            )
        self.socket = ours

    def fileno(self) -> int:
        """Readable when there are events."""
        return self.socket.fileno()

    def start(self, request: dict[str, Any], fds: list[int]) -> None:
        """Begin a start; the descriptors are passed on and stay open here."""
        message = json.dumps({"do": "start", "request": request}).encode()
        if len(message) <= LARGEST:
            self._send(message, fds)
            return
        with open(os.memfd_create("request"), "w+b") as file:
            file.write(message)
            file.flush()
            self._send(b"{}", [file.fileno(), *fds])

    def signal(self, instance: str, number: int) -> None:
        """Pass a signal to an instance's first process."""
        self._send(json.dumps({"do": "signal", "id": instance, "signal": number}).encode(), [])

    def _send(self, message: bytes, fds: list[int]) -> None:
        try:
            socket.send_fds(self.socket, [message], fds)
        except (BrokenPipeError, ConnectionResetError):
            raise SpawnerDied from None

    def events(self, timeout_s: float | None = None) -> list[Event]:
        """What happened, at least one event unless the time is up."""
        told: list[Event] = []
        while select.select([self.socket], [], [], 0 if told else timeout_s)[0]:
            try:
                data = self.socket.recv(PACKET)
            except ConnectionResetError:  # it has left requests unread
                data = b""
            if not data:
                raise SpawnerDied
            told.append(json.loads(data))
        return told

    def close(self) -> None:
        """Let the spawner kill and clean up, and wait for it."""
        self.socket.close()
        self.process.wait()

    def __enter__(self) -> Spawner:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
