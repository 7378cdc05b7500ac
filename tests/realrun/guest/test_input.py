"""A guest's input: said in pieces, ended by a word, the same for files, pipes and talk."""

from __future__ import annotations

import hashlib
import os
import selectors
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from realrun.guest.channels import Pieces
from realrun.runtime.run import CHUNK, is_always_ready
from tests.realrun.guest.test_boot import EVERY, GUESTS
from tests.realrun.guest.test_guest import Heard
from tests.realrun.stage import cli, started

# Every byte there is, so also Ctrl-C, Ctrl-D, Ctrl-S, CR and LF; longer than any buffer on the way.
SIGN = b"\x1esign"
EVERY_BYTE = bytes(range(256)) * 4097


@contextmanager
def channel() -> Iterator[tuple[socket.socket, socket.socket]]:
    """Our end and the guest's."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        yield ours, theirs


def parsed(said: bytes) -> tuple[list[bytes], bytes]:
    """The pieces as the guest's init takes them, and what is said behind the end."""
    pieces: list[bytes] = []
    while True:
        line, _, rest = said.partition(b"\n")
        sign, count = line.split()
        assert sign == SIGN
        if int(count) == 0:
            return pieces, rest
        pieces.append(rest[: int(count)])
        said = rest[int(count) :]


def pumped(feed: Pieces, theirs: socket.socket) -> bytes:
    """Move until the input is over, asking whenever it waits for that, emptying the other end."""
    said = bytearray()
    theirs.setblocking(False)
    with selectors.DefaultSelector() as selector:
        while not feed.over:
            if (waits := feed.waits_for()) is None:
                feed.ask()
                continue
            fd, event = waits
            selector.register(fd, event)
            happened = selector.select(0)
            selector.unregister(fd)
            if happened:
                feed.move()
            else:
                said += theirs.recv(1 << 20)
    return bytes(said + theirs.recv(1 << 20))


def test_a_file_is_said_in_pieces_and_ended_by_a_word(tmp_path):
    path = tmp_path / "input"
    path.write_bytes(EVERY_BYTE)
    with channel() as (ours, theirs), open(path, "rb") as file:
        pieces, rest = parsed(pumped(Pieces(file.fileno(), ours.fileno(), 3000, SIGN), theirs))
        assert (b"".join(pieces), rest) == (EVERY_BYTE, b"")
        assert max(map(len, pieces)) == 3000
        assert ours.send(b"!") == 1  # the channel itself stays open


def test_what_comes_before_the_input_has_an_end_of_its_own():
    """The program itself, in pieces, then what it is to read."""
    reader, writer = os.pipe()
    os.write(writer, b"input")
    os.close(writer)
    with channel() as (ours, theirs):
        feed = Pieces(reader, ours.fileno(), 4, SIGN, before=b"script")
        said = pumped(feed, theirs)
        first, rest = parsed(said)
        assert (first, parsed(rest)) == ([b"scri", b"pt"], ([b"inpu", b"t"], b""))
    os.close(reader)


def test_a_pipe_that_ends_at_once_says_the_end_alone():
    reader, writer = os.pipe()
    os.close(writer)
    with channel() as (ours, theirs):
        assert pumped(Pieces(reader, ours.fileno(), CHUNK, SIGN), theirs) == SIGN + b" 0\n"
    os.close(reader)


def test_a_guest_that_has_gone_takes_nothing_more():
    reader, writer = os.pipe()
    os.write(writer, b"x")
    with channel() as (ours, theirs):
        feed = Pieces(reader, ours.fileno(), CHUNK, SIGN)
        theirs.close()
        feed.ask()
        feed.move()
        feed.move()
        assert feed.over
    os.close(reader)
    os.close(writer)


def test_what_is_always_ready(tmp_path):
    """A file and /dev/null always have something to say; epoll refuses them."""
    reader, writer = os.pipe()
    assert not is_always_ready(reader)
    for path in (tmp_path / "f", Path("/dev/null")):
        with open(path, "a+b") as file:
            assert is_always_ready(file.fileno())
    os.close(reader)
    os.close(writer)


def test_a_piece_is_read_when_it_is_asked_for():
    """One each time, so that nothing waits in the guest for a reader."""
    reader, writer = os.pipe()
    os.write(writer, b"abcdef")
    with channel() as (ours, theirs):
        feed = Pieces(reader, ours.fileno(), 4, SIGN)
        assert feed.waits_for() is None
        said = []
        for _ in range(2):
            feed.ask()
            while waits := feed.waits_for():
                assert waits[0] in (reader, feed.target)
                feed.move()
            said.append(theirs.recv(100))
        assert said == [SIGN + b" 4\nabcd", SIGN + b" 2\nef"]
        feed.end()
    os.close(reader)
    os.close(writer)


def test_nothing_is_read_before_the_guest_can_take_it():
    """And a guest that asks twice does not get a second reader."""
    with Heard() as heard:
        heard.guest.stdin = os.open("/dev/null", os.O_RDONLY)
        heard.guest.hear_control(b"mark kernel 0.50\nmark drivers 0.80\n")
        assert heard.guest.feed is None
        heard.guest.hear_control(b"more 0\n")
        feed = heard.guest.feed
        assert isinstance(feed, Pieces)
        heard.guest.hear_control(b"more 0\n")
        assert heard.guest.feed is feed
        os.close(heard.guest.stdin)


TALK = "read word; echo got $word; md5sum; exit 3"


@pytest.mark.overlay
@pytest.mark.slow
@pytest.mark.usefixtures("root")
@pytest.mark.parametrize("isolation", EVERY)
def test_a_program_is_talked_with(isolation):
    """An answer comes while the input is open; every byte arrives; the end is heard."""
    words = ["run", "-i", "--isolation", isolation, "hello", "sh", "-c", TALK]
    with started(*words, stdin=subprocess.PIPE, text=False) as run:
        run.stdin.write(b"word\n")
        run.stdin.flush()
        assert run.stdout.readline() == b"got word\n"
        out, err = run.communicate(EVERY_BYTE)
    digest = hashlib.md5(EVERY_BYTE, usedforsecurity=False).hexdigest()
    assert (run.returncode, out.split()[0].decode(), err) == (3, digest, b"")


@pytest.mark.overlay
@pytest.mark.slow
@pytest.mark.parametrize("isolation", GUESTS)
def test_who_does_not_read_is_not_waited_for(root, isolation, tmp_path):
    """A file as the input, longer than what fits on the way; the program ends without it."""
    path = tmp_path / "input"
    path.write_bytes(EVERY_BYTE)
    words = [
        "run",
        "-i",
        "--isolation",
        isolation,
        "hello",
        "sh",
        "-c",
        "head -c 4 | wc -c; exit 5",
    ]
    with open(path, "rb") as file:
        done = cli(*words, stdin=file)
    assert (done.returncode, done.stdout.strip(), done.stderr) == (5, "4", "")
