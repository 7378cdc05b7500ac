"""More programs in a running guest: a door for those who ask, beside whoever watches over it.

The watcher has the guest's control channel, so all go through it: `exec`, `kill`, `stop` connect to
a socket in the container's folder. It gives each program a number, hands its channels over to
whoever asked (they then talk with the program themselves), and passes on what the init says of it.
A packet is one JSON object.

    asked    {"run": SIGN, "input": true, "size": [rows, columns] or null}
             {"signal": NUMBER}, {"size": [rows, columns]}: this program's, or the guest's own
    answered {"number": N, "up": true} with descriptors, {"more": true}, {"exit": CODE},
             {"error": WHY}; of a signal to the guest's own program {"up": true}

Source: unix(7), SOCK_SEQPACKET and SCM_RIGHTS.
"""

from __future__ import annotations

import json
import os
import select
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from realrun.errors import GuestFailed, RealRunError
from realrun.guest import backends
from realrun.guest.qmp import PATIENCE_S, Monitor
from realrun.runtime.run import read

if TYPE_CHECKING:
    from realrun.guest.boot import Guest

PACKET = 1 << 16
DOOR = "door"


@contextmanager
def near(folder: Path) -> Iterator[str]:
    """A name of the door that a socket's address has room for, wherever the folder is."""
    fd = os.open(folder, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield f"/proc/self/fd/{fd}/{DOOR}"
    finally:
        os.close(fd)


@dataclass(slots=True)
class Session:
    """A program that somebody has asked for."""

    number: int
    channels: list[int]  # our ends, which stay open for the next that gets this number
    caller: socket.socket | None
    ended: bool = False


@dataclass(slots=True)
class Sessions:
    """All programs of a guest beside its own, and the door."""

    guest: Guest
    door: socket.socket
    folder: Path
    callers: dict[int, socket.socket] = field(default_factory=dict)
    running: dict[int, Session] = field(default_factory=dict)
    starting: int = 0  # one after the other: what QEMU says of too many new ports at once is lost
    waiting: dict[int, Callable[[], None]] = field(default_factory=dict)  # by the caller's number

    def close(self) -> None:
        """Whoever is still there learns by it that the guest has ended."""
        for caller in (self.door, *self.callers.values()):
            self.guest.knocks.pop(caller.fileno(), None)
            caller.close()
        for session in list(self.running.values()):
            self.let_go(session)
        self.callers, self.running = {}, {}
        (self.folder / DOOR).unlink(missing_ok=True)

    def knock(self) -> None:
        """Somebody comes in."""
        caller, _ = self.door.accept()
        self.callers[caller.fileno()] = caller
        self.guest.knocks[caller.fileno()] = partial(self.hear, caller)

    def hear(self, caller: socket.socket) -> None:
        """What somebody asks for; who hangs up has lost interest."""
        try:
            told = json.loads(caller.recv(PACKET) or b"null")
        except (ValueError, ConnectionResetError):
            told = None
        if told is None:
            self.gone(caller)
            return
        session = self.of(caller)
        match told:
            case {"run": str(sign), "input": bool(has_input), "size": size} if session is None:
                run = partial(self.run, caller, sign, has_input, size)
                self.waiting[caller.fileno()] = run
                self.start_next()
            case _ if caller.fileno() in self.waiting:
                return  # there is no program of his yet
            case {"signal": int(number)} if session:
                self.guest.say(f"signal {session.number} {number}")
            case {"signal": int(number)}:
                self.guest.say(f"signal 0 {number}")
                answer(caller, {"up": self.guest.up})
            case {"size": [int(rows), int(columns)]}:
                self.guest.say(f"size {session.number if session else 0} {rows} {columns}")

    def start_next(self) -> None:
        """Run what somebody waits for, if nothing else is just being started."""
        while self.waiting and not self.starting:
            self.waiting.pop(next(iter(self.waiting)))()

    def started(self, number: int) -> None:
        """The guest has said something of this program, or nobody waits for that any more."""
        if number == self.starting:
            self.starting = 0
            self.start_next()

    def of(self, caller: socket.socket) -> Session | None:
        """The program that somebody has asked for."""
        return next((one for one in self.running.values() if one.caller is caller), None)

    def run(
        self, caller: socket.socket, sign: str, has_input: bool, size: list[int] | None
    ) -> None:
        """Give a program its number and channels, and tell the guest."""
        try:
            session = self.open(caller, 1 if size else 2)
        except RealRunError as error:
            answer(caller, {"error": str(error)})
            return
        rows, columns = size or ("-", "-")
        told = {"number": session.number, "up": self.guest.up}
        answer(caller, told, session.channels)
        self.guest.say(f"run {session.number} {sign} {int(has_input)} {rows} {columns}")

    def open(self, caller: socket.socket, count: int) -> Session:
        """A free number, and channels for it. Raises GuestFailed if there is none."""
        free = set(range(1, backends.SESSIONS + 1)) - set(self.running)
        if not free:
            raise GuestFailed(
                f"a guest runs {backends.SESSIONS} programs beside its own, and these are taken;"
                " try again when one has ended"
            )
        number = min(free)
        channels = range(2 * number + 1, 2 * number + 1 + count)
        for channel in channels:
            if channel not in self.guest.lines and self.guest.qemu:
                self.hear_firmware()
                self.guest.lines[channel] = plug(self.guest.qemu, channel)
        ours = [self.guest.lines[channel] for channel in channels]
        self.running[number], self.starting = Session(number, ours, caller), number
        return self.running[number]

    def hear_firmware(self) -> None:
        """Let QEMU's machine say its first word before QEMU is asked for something.

        The firmware writes byte by byte: where nobody reads, it stands still, and QEMU with it.
        """
        fd, guest = self.guest.firmware, self.guest
        if fd in guest.sources and select.select([fd], [], [], PATIENCE_S)[0]:
            guest.sources[fd](read(fd))

    def tell(self, what: str, number: str, words: list[str]) -> None:
        """What the init says of a program."""
        session = self.running.get(int(number)) if number.isdecimal() else None
        if session is None:
            return
        self.started(session.number)
        if what == "exit" and len(words) == 1 and words[0].isdecimal():
            session.ended = True
            if session.caller is None:
                self.let_go(session)
            else:
                answer(session.caller, {"exit": int(words[0])})
        elif what == "more" and session.caller is not None:
            answer(session.caller, {"more": True})

    def gone(self, caller: socket.socket) -> None:
        """Nobody listens to that program any more: it is killed, if it has not ended."""
        session = self.of(caller)
        self.waiting.pop(caller.fileno(), None)
        del self.guest.knocks[caller.fileno()], self.callers[caller.fileno()]
        caller.close()
        if session is None:
            return
        session.caller = None
        self.started(session.number)
        if session.ended:
            self.let_go(session)
            return
        for fd in session.channels:  # what it still says must not fill its channel
            self.guest.sources[fd] = partial(self.leave_aside, fd)
        self.guest.say(f"signal {session.number} 9")

    def leave_aside(self, fd: int, data: bytes) -> None:
        """Up to the channel's end."""
        if not data:
            self.guest.sources.pop(fd, None)

    def let_go(self, session: Session) -> None:
        """Its number is free."""
        self.running.pop(session.number, None)
        for fd in session.channels:
            self.guest.sources.pop(fd, None)


def plug(qemu: Monitor, channel: int) -> int:
    """Give QEMU's machine one more port, which it keeps; our end of it."""
    ours, theirs = socket.socketpair()
    name = f"c{channel}"
    with theirs, ours:
        qemu.do("getfd", theirs.fileno(), fdname=name)
        data = {"addr": {"type": "fd", "data": {"str": name}}, "server": False}
        qemu.do("chardev-add", id=name, backend={"type": "socket", "data": data})
        port: dict[str, Any] = {"id": f"p{channel}", "chardev": name, "nr": channel + 1}
        qemu.do("device_add", driver="virtserialport", **port)
        return ours.detach()


def answer(caller: socket.socket, told: dict[str, Any], fds: list[int] | None = None) -> None:
    """One packet; whoever has gone will be missed at the next look."""
    with suppress(BrokenPipeError, ConnectionResetError):
        socket.send_fds(caller, [json.dumps(told).encode()], fds or [])


def open_door(guest: Guest, folder: Path) -> None:
    """Let others ask, at the door in `folder`."""
    (folder / DOOR).unlink(missing_ok=True)  # of a watcher that was killed
    door = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with near(folder) as name:
        door.bind(name)
    door.listen()
    guest.sessions = Sessions(guest, door, folder)
    guest.knocks[door.fileno()] = guest.sessions.knock
