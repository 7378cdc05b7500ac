"""What goes over a guest's channels: output with a sign of its end, input in pieces.

A channel cannot be closed in one direction, and closing it as a whole may drop what is on its way
(a serial line of User-Mode Linux does). So an end is something that is said; and where a channel
has had a program before, so is the beginning.
"""

from __future__ import annotations

import os
import secrets
import selectors
from collections.abc import Callable

from realrun.runtime.run import Feed, Sink


def new_sign() -> bytes:
    """What no program says by accident."""
    return b"\x1e" + secrets.token_hex(8).encode()


class Stream:
    """Output up to a sign; only what might be that sign is ever held back.

    `over` hears of the end, the sign's or the channel's. What came before `begun` is not passed on.
    """

    def __init__(self, sign: bytes, sink: Sink, over: Callable[[], None], begun: bool = True):
        self.sign, self.sink, self.over, self.begun, self.held = sign, sink, over, begun, b""

    def __call__(self, data: bytes) -> None:
        """Pass on what is certainly output."""
        text = self.held + data
        before, found, rest = text.partition(self.sign)
        if found and not self.begun:
            self.begun, self.held = True, b""
            if rest or not data:
                self(rest)
            return
        if found or not data:
            self.held = b""
            self.pass_on(before)
            self.over()
            return
        sizes = range(len(self.sign) - 1, 0, -1)
        kept = next((n for n in sizes if text.endswith(self.sign[:n])), 0)
        self.held = text[len(text) - kept :]
        self.pass_on(text[: len(text) - kept])

    def pass_on(self, data: bytes) -> None:
        """Nothing is no output."""
        if data and self.begun:
            self.sink(data)


class Pieces(Feed):
    """Input for the guest's init: a sign and how many bytes on a line, then these; 0 is the end.

    Each piece is asked for, so that none waits in the guest's kernel for a reader: a serial line of
    User-Mode Linux that has been full once may never be looked at again. `before` is an input of
    its own that comes first: the program itself, if the guest does not have it yet.
    """

    def __init__(self, source: int, channel: int, most: int, sign: bytes, before: bytes = b""):
        super().__init__(source, os.dup(channel))  # the channel stays open behind the end
        self.most, self.sign, self.before = most, sign, before
        self.asked, self.ended, self.starts = False, False, bool(before)

    def ask(self) -> None:
        """The guest has taken what has been said, and can take a piece."""
        self.asked = True

    def waits_for(self) -> tuple[int, int] | None:
        """Nothing until the guest has asked, but for the rest of a piece."""
        if not (self.pending or self.asked):
            return None
        if self.starts and not self.over:
            return self.target, selectors.EVENT_WRITE
        return super().waits_for()

    def take(self, data: bytes) -> None:
        """A piece, or the end."""
        self.pending, self.ended = b"%b %d\n" % (self.sign, len(data)) + data, not data
        self.asked = False

    def move(self) -> None:
        """One read or one write, up to the end that has been said."""
        if self.starts and not self.pending:
            data, self.before = self.before[: self.most], self.before[self.most :]
            self.take(data)
            self.starts, self.ended = bool(data), False
            return
        super().move()
        if self.ended and not self.pending:
            self.end()
