"""The spawner as a process of its own: `Watch` behind a Unix socket.

It is started once for a Python session and dies with it: the end of the socket is its order to kill
and clean up. One message a packet, in JSON; a start request carries its descriptors.
"""

from __future__ import annotations

import gc
import json
import select
import signal
import socket
import sys
from collections import deque
from typing import Any

from realrun.errors import RealRunError, in_words
from realrun.linux import play, processes
from realrun.runtime.watch import Watch

PACKET = 1 << 18
LARGEST = 1 << 16  # of a request in a packet; the kernel's own limit is wmem_default (socket(7))
MAX_FDS = 16


def serve(client: socket.socket) -> None:
    """Answer requests and tell events until the client is gone."""
    watch = Watch()
    poll = select.poll()
    poll.register(watch, select.POLLIN)
    outbox = Outbox(client, poll)
    try:
        while True:
            for fd, happened in poll.poll():
                if fd == watch.fileno():
                    for event in watch.events(0):
                        outbox.send(event)
                elif happened == select.POLLOUT:
                    outbox.flush()
                elif not answer(client, watch, outbox):
                    return
    except (BrokenPipeError, ConnectionResetError):
        return
    finally:
        watch.close()


class Outbox:
    """Packets on their way to the client.

    Sending never waits: a client that is still asking does not read, and would wait for us.
    """

    def __init__(self, client: socket.socket, poll: select.poll) -> None:
        self.client, self.poll = client, poll
        self.packets: deque[bytes] = deque()
        self.flush()

    def send(self, message: dict[str, Any]) -> None:
        """One packet, as soon as there is room."""
        self.packets.append(json.dumps(message).encode())
        self.flush()

    def flush(self) -> None:
        """Send what there is room for, and ask to be told when there is more."""
        try:
            while self.packets:
                self.client.send(self.packets[0], socket.MSG_DONTWAIT)
                self.packets.popleft()
        except BlockingIOError:
            pass
        self.poll.register(self.client, select.POLLIN | (select.POLLOUT if self.packets else 0))


def answer(client: socket.socket, watch: Watch, outbox: Outbox) -> bool:
    """Do what one packet asks; False when there will be no more."""
    data, fds, _, _ = socket.recv_fds(client, LARGEST, MAX_FDS)
    if not data:
        return False
    request = json.loads(data)
    if not request:
        request = json.loads(contents(fds.pop(0)))
    if request["do"] == "signal":
        watch.signal(request["id"], request["signal"])
        return True
    try:
        watch.start(request["request"], fds)
    except (RealRunError, OSError) as error:
        outbox.send({"event": "refused", "id": request["request"]["id"], "why": in_words(error)})
    finally:
        for fd in fds:
            socket.close(fd)
    return True


def contents(fd: int) -> bytes:
    """A request that was too large for a packet: its file from the beginning."""
    with open(fd, "rb") as file:
        file.seek(0)
        return file.read()


def main() -> None:
    """Entry point: the socket is descriptor `argv[1]`."""
    processes.show_name()
    processes.die_with_parent()
    for number in (signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    gc.disable()
    gc.freeze()
    play.withhold()
    serve(socket.socket(fileno=int(sys.argv[1])))


if __name__ == "__main__":
    main()
