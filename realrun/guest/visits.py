"""One more program in a running guest, as who asks for it sees it; signals to the guest's own.

Source: unix(7), SOCK_SEQPACKET and SCM_RIGHTS.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from realrun.errors import GuestFailed
from realrun.guest import backends, sessions
from realrun.guest.channels import Pieces, Stream, new_sign
from realrun.guest.sessions import PACKET
from realrun.runtime.plan import FIRST_OUTPUT, Plan
from realrun.runtime.record import Record
from realrun.runtime.run import Run, Sink
from realrun.runtime.spec import Spec
from realrun.runtime.start import Starter

PATIENCE_S = 30.0
KILLED = 128 + signal.SIGKILL


@contextmanager
def door(folder: Path) -> Iterator[socket.socket]:
    """A connection to the watcher of the guest whose container's folder this is."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as caller:
        try:
            with sessions.near(folder) as name:
                caller.connect(name)
        except OSError as error:
            why = f"nobody opens the door of the guest ({error.strerror})"
            raise GuestFailed(why) from error
        yield caller


def send_signal(folder: Path, number: int) -> bool:
    """A signal to the guest's own program; is the guest up, so that it gets there at once."""
    with door(folder) as caller:
        caller.settimeout(PATIENCE_S)
        say(caller, {"signal": number})
        try:
            return bool(hear(caller)[0].get("up"))
        except TimeoutError:
            why = f"the guest's watcher has not answered within {PATIENCE_S:.0f} s"
            raise GuestFailed(why) from None


def say(caller: socket.socket, told: dict[str, Any]) -> None:
    """One packet; a guest that has just ended need not hear it."""
    with suppress(BrokenPipeError, ConnectionResetError):
        caller.send(json.dumps(told).encode())


def hear(caller: socket.socket) -> tuple[dict[str, Any], list[int]]:
    """One packet of the watcher's, with descriptors; with the watcher ends the program."""
    try:
        data, fds, _, _ = socket.recv_fds(caller, PACKET, 2, socket.MSG_CMSG_CLOEXEC)
    except ConnectionResetError:
        data, fds = b"", []
    return json.loads(data or b'{"exit": %d}' % KILLED), list(fds)


@dataclass(slots=True, kw_only=True)
class Visit(Run):
    """The program."""

    caller: socket.socket
    pieces: Pieces
    null: int
    channels: list[int]
    streams: set[int] = field(default_factory=set)

    def news(self) -> None:
        """The watcher tells that the program can take more input, or how it ended."""
        told, _ = hear(self.caller)
        self.deadline_s = None
        if "more" in told:
            self.pieces.ask()
        elif "exit" in told:
            self.finish(told["exit"])

    def finish(self, code: int) -> None:
        """There is no more to come."""
        self.record.code, self.record.exit_ns = code, time.monotonic_ns()
        self.knocks.clear()

    def signal(self, starter: Starter, number: int) -> None:
        """To the program. Who kills it need not wait for it: with the connection it ends."""
        if number == signal.SIGKILL:
            self.finish(KILLED)
            self.sources.clear()
        else:
            say(self.caller, {"signal": number})

    def late(self) -> str:
        """What to say of a guest that is up and does not take the program."""
        return f"the guest has not answered within {PATIENCE_S:.0f} s"

    def is_deaf(self, number: int) -> bool:
        """To nothing that it has not chosen to be."""
        return False

    def resize(self, rows: int, columns: int) -> None:
        """Our terminal has a new size, and so has the program's."""
        say(self.caller, {"size": [rows, columns]})

    def close(self) -> None:
        """Hang up."""
        self.pieces.end()
        for fd in (*self.channels, self.null):
            if fd >= 0:
                os.close(fd)
        self.caller.close()
        self.sources, self.channels, self.null = {}, [], -1


def begin(
    folder: Path, spec: Spec, script: str, out: Sink, err: Sink, stdin: int | None
) -> Visit:  # fmt: skip
    """Have a guest run one more program, by its init's shell; `spec` tells of its terminal."""
    sign, size = new_sign(), spec.terminal
    with door(folder) as connected:
        say(connected, {"run": sign.decode(), "input": stdin is not None, "size": size})
        told, channels = hear(connected)
        if not channels:
            raise GuestFailed(told.get("error", "the guest has just ended"))
        caller = connected.dup()
    null = os.open(os.devnull, os.O_RDONLY | os.O_CLOEXEC)
    piece = backends.BACKENDS[spec.isolation].piece
    visit = Visit(
        record=Record(plan=Plan(spec.id, spec.isolation, "none", (FIRST_OUTPUT,)), requested_ns=0),
        caller=caller, null=null, channels=channels,
        pieces=Pieces(null if stdin is None else stdin, channels[0], piece, sign,
                      os.fsencode(script)),
    )  # fmt: skip
    visit.deadline_s = time.monotonic() + PATIENCE_S if told["up"] else None
    visit.feed, visit.terminal = visit.pieces, channels[0] if size else None
    visit.knocks = {caller.fileno(): visit.news}
    for fd, sink in zip(channels, (out, err), strict=False):
        visit.sources[fd] = Stream(sign, sink, partial(done, visit, fd), begun=False)
    return visit


def done(visit: Visit, fd: int) -> None:
    """One output has ended."""
    visit.sources.pop(fd, None)
