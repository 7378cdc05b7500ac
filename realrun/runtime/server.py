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
from typing import Any

from realrun.errors import RealRunError
from realrun.linux import processes
from realrun.runtime.watch import Watch

PACKET = 1 << 18
MAX_FDS = 16


def serve(client: socket.socket) -> None:
    """Answer requests and tell events until the client is gone."""
    watch = Watch()
    poll = select.poll()
    poll.register(client, select.POLLIN)
    poll.register(watch, select.POLLIN)
    try:
        while True:
            for fd, _ in poll.poll():
                if fd == client.fileno() and not answer(client, watch):
                    return
                if fd == watch.fileno():
                    for event in watch.events(0):
                        send(client, event)
    except (BrokenPipeError, ConnectionResetError):
        return
    finally:
        watch.close()


def send(client: socket.socket, message: dict[str, Any]) -> None:
    """One packet."""
    client.send(json.dumps(message).encode())


def answer(client: socket.socket, watch: Watch) -> bool:
    """Do what one packet asks; False when there will be no more."""
    data, fds, _, _ = socket.recv_fds(client, PACKET, MAX_FDS)
    if not data:
        return False
    request = json.loads(data)
    if request["do"] == "signal":
        watch.signal(request["id"], request["signal"])
        return True
    try:
        watch.start(request["request"], fds)
    except (RealRunError, OSError) as error:
        send(client, {"event": "refused", "id": request["request"]["id"], "why": str(error)})
    finally:
        for fd in fds:
            socket.close(fd)
    return True


def main() -> None:
    """Entry point: the socket is descriptor `argv[1]`."""
    processes.die_with_parent()
    for number in (signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    gc.disable()
    gc.freeze()
    serve(socket.socket(fileno=int(sys.argv[1])))


if __name__ == "__main__":
    main()
