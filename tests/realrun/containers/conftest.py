"""Containers in the ROOT of the example image; none of them outlives its test."""

from __future__ import annotations

import os
import pty
import select
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from realrun.containers import signals
from realrun.containers.registry import Registry
from realrun.linux.terminal import resize
from tests.realrun.stage import COMMAND, HANG_S


@pytest.fixture
def registry(root: Path) -> Iterator[Registry]:
    """The containers of ROOT, all gone after the test."""
    one = Registry(root)
    yield one
    for container in one.all():
        signals.remove(one, container, force=True, with_volumes=True)
    assert one.ids() == []


@pytest.fixture
def terminal():
    """A function: `realrun ARGS` on a terminal of 33 lines and 101 columns; what was seen, code.

    `keys` are typed at once, or when a text has been seen.
    """

    def run(*args, keys=b""):
        master, slave = pty.openpty()
        resize(slave, 33, 101)
        process = subprocess.Popen([*COMMAND, *args], stdin=slave, stdout=slave, stderr=slave,
                                   start_new_session=True)  # fmt: skip
        os.close(slave)
        waiting = keys if isinstance(keys, dict) else {"": keys}
        seen = b""
        while True:
            for sign in [sign for sign in waiting if sign.encode() in seen]:
                os.write(master, waiting.pop(sign))
            try:
                seen += os.read(master, 65536)
            except OSError:  # EIO: nobody has it open any more
                break
            if process.poll() is not None and not select.select([master], [], [], 0.1)[0]:
                break
        os.close(master)
        return seen.decode().replace("\r\n", "\n"), process.wait(HANG_S)

    return run
