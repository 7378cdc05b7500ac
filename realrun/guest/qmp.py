"""Tell a running QEMU what to change: JSON, an object a line, over a socket it was started with.

Source: QEMU's `docs/interop/qmp-spec.rst` and its QMP reference manual.
"""

from __future__ import annotations

import json
import select
import socket
import time
from collections.abc import Mapping, Sequence
from typing import Any

from realrun.errors import GuestFailed

PATIENCE_S = 10.0


class Monitor:
    """Our end of the socket. It begins to speak when QEMU does: at the first command."""

    def __init__(self, own: socket.socket) -> None:
        self.socket, self.heard, self.greeted, self.asked = own, b"", False, 0

    def close(self) -> None:
        """Say no more."""
        self.socket.close()

    def do(self, command: str, *fds: int, **arguments: Any) -> Any:
        """Carry out one command; what it returns. `fds` go with it, for `getfd`.

        Raises GuestFailed if QEMU refuses, has gone, or does not answer.
        """
        if not self.greeted:
            self.answer()  # who it is
            self.greeted = True
            self.do("qmp_capabilities")
        self.asked += 1
        self.send({"execute": command, "arguments": arguments, "id": self.asked}, fds)
        while (told := self.answer()).get("id") != self.asked:
            pass  # an event, or the late answer to what was given up
        if "error" in told:
            raise GuestFailed(f"QEMU refuses {command}: {told['error'].get('desc')}")
        return told["return"]

    def send(self, message: Mapping[str, Any], fds: Sequence[int]) -> None:
        """One line."""
        try:
            socket.send_fds(self.socket, [json.dumps(message).encode() + b"\n"], fds)
        except OSError as error:
            raise GuestFailed(f"QEMU has gone ({error.strerror})") from error

    def answer(self) -> dict[str, Any]:
        """The next object; also an event."""
        deadline = time.monotonic() + PATIENCE_S
        while b"\n" not in self.heard:
            left_s = max(0.0, deadline - time.monotonic())
            if not select.select([self.socket], [], [], left_s)[0]:
                raise GuestFailed(f"QEMU has not answered within {PATIENCE_S:.0f} s")
            data = self.socket.recv(1 << 16)
            if not data:
                raise GuestFailed("QEMU has gone")
            self.heard += data
        line, _, self.heard = self.heard.partition(b"\n")
        told: dict[str, Any] = json.loads(line)
        return told
