"""The watcher of a container in the background, while nothing happens but output.

It is what `keeper` becomes by execve(2) once the container runs: the same process, with the same
children and descriptors, but without all that was needed to start one. It notes what the container
says and waits for its end; then it loads the rest again. Only light modules may be loaded here.
"""

from __future__ import annotations

import errno
import os
import select
import sys

from realrun.containers.logs import Log

CHUNK = 65536


def main(words: list[str]) -> None:
    """`words`: the process's descriptor, the log's path and bounds, `FD=STREAM` ..., `--`, and
    `Waking`'s."""
    rest = words.index("--")
    pidfd, log = int(words[0]), Log(words[1], int(words[2]), int(words[3]))
    streams = {int(fd): name for fd, _, name in (word.partition("=") for word in words[4:rest])}
    poll = select.poll()
    for fd in (pidfd, *streams):
        poll.register(fd, select.POLLIN)
    while True:
        ready = [fd for fd, _ in poll.poll()]
        for fd in ready:
            if fd in streams and not listen(fd, streams[fd], log):
                poll.unregister(fd)
                del streams[fd]
        if pidfd in ready:
            break
    from realrun.containers.keeper import Waking

    waking = Waking(*words[rest + 1 :])
    waking.bury()
    for fd, name in streams.items():
        while listen(fd, name, log):
            continue
    log.close()
    waking.note_end(log.loss())


def listen(fd: int, name: str, log: Log) -> bool:
    """Note what was said; False at the end."""
    try:
        data = os.read(fd, CHUNK)
    except OSError as error:
        if error.errno != errno.EIO:  # a terminal whose programs have gone
            raise
        data = b""
    log.write(name, data)
    return bool(data)


if __name__ == "__main__":
    main(sys.argv[1:])
