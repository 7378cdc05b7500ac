"""A file system that does not answer: whoever looks up a file in it waits, deaf to SIGKILL.

The kernel asks us by /dev/fuse. We answer what it takes to mount it, and no look-up of a name; a
process whose request we have read cannot be killed any more until we let go (state D).

Source: the kernel's `include/uapi/linux/fuse.h`; fuse(4); mount(2).
"""

from __future__ import annotations

import errno
import os
import select
import stat
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from realrun.linux import mounts

IN, OUT = struct.Struct("<IIQQIIIHH"), struct.Struct("<IiQ")  # the headers of request and answer
INITIAL = struct.Struct("<4I2H2I2HI7I")
ATTRIBUTES = struct.Struct("<QII6Q10I")
LOOKUP, FORGET, GETATTR, INIT, INTERRUPT, BATCH_FORGET = 1, 2, 3, 26, 36, 42
REQUEST_BYTES = 1 << 18


@contextmanager
def stuck(place: Path) -> Iterator[threading.Event]:
    """Such a file system at `place` for the time of a block; set once somebody waits for it."""
    waits, over = threading.Event(), threading.Event()
    fd = os.open("/dev/fuse", os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
    server = threading.Thread(target=serve, args=(fd, waits, over))
    options = f"fd={fd},rootmode=40000,user_id=0,group_id=0,allow_other"
    try:
        mounts.mount("stuck", str(place), "fuse.stuck", mounts.NOSUID | mounts.NODEV, options)
        server.start()
        yield waits
    finally:
        mounts.unmount(str(place))
        over.set()
        server.join()
        os.close(fd)  # everybody who waits is told that nobody is there any more


def serve(fd: int, waits: threading.Event, over: threading.Event) -> None:
    """Answer until it is over."""
    poll = select.poll()
    poll.register(fd, select.POLLIN)
    while not over.is_set():
        if not poll.poll(50):
            continue
        data = os.read(fd, REQUEST_BYTES)
        _, what, number, node, *_ = IN.unpack_from(data)
        if what == LOOKUP:
            waits.set()
        elif what == INIT:
            answer(fd, number, INITIAL.pack(7, 31, 4096, 0, 0, 0, 4096, 1, 0, 0, 0, *[0] * 7))
        elif what == GETATTR:
            mode = stat.S_IFDIR | 0o755
            words = [node, *[0] * 5], [0, 0, 0, mode, 2, 0, 0, 0, 4096, 0]
            answer(fd, number, ATTRIBUTES.pack(3600, 0, 0, *words[0], *words[1]))
        elif what not in (FORGET, INTERRUPT, BATCH_FORGET):
            answer(fd, number, error=errno.ENOSYS)


def answer(fd: int, number: int, body: bytes = b"", error: int = 0) -> None:
    """One answer; that nobody waits for it any more is no error."""
    try:
        os.write(fd, OUT.pack(OUT.size + len(body), -error, number) + body)
    except OSError as gone:
        if gone.errno not in (errno.ENOENT, errno.ENODEV, errno.EBADF):
            raise
