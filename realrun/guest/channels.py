"""What goes over a guest's channels: output with a sign of its end, input in pieces.

A channel cannot be closed in one direction, and closing it as a whole may drop what is on its way
(a serial line of User-Mode Linux does). So an end is something that is said.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from realrun.runtime.run import Feed, Sink

if TYPE_CHECKING:
    from realrun.guest.boot import Guest


class Stream:
    """Output up to the sign of its end; only what might be that sign is ever held back."""

    def __init__(self, guest: Guest, fd: int, sink: Sink) -> None:
        self.guest, self.fd, self.sink, self.held = guest, fd, sink, b""

    def __call__(self, data: bytes) -> None:
        """Pass on what is certainly output."""
        text, end = self.held + data, self.guest.end
        before, found, _ = text.partition(end)
        if found or not data:
            self.held = b""
            self.pass_on(before)
            del self.guest.sources[self.fd]
            os.close(self.fd)
            self.guest.say_goodbye()
            return
        kept = next((n for n in range(len(end) - 1, 0, -1) if text.endswith(end[:n])), 0)
        self.held = text[len(text) - kept :]
        self.pass_on(text[: len(text) - kept])

    def pass_on(self, data: bytes) -> None:
        """Nothing is no output."""
        if data:
            self.sink(data)


class Pieces(Feed):
    """Input for the guest's init: how many bytes on a line, then these; 0 is the end.

    Each piece is asked for, so that none waits in the guest's kernel for a reader: a serial line of
    User-Mode Linux that has been full once may never be looked at again.
    """

    def __init__(self, source: int, channel: int, most: int) -> None:
        super().__init__(source, os.dup(channel))  # the channel stays open behind the end
        self.most, self.asked, self.ended = most, False, False

    def ask(self) -> None:
        """The guest has taken what has been said, and can take a piece."""
        self.asked = True

    def waits_for(self) -> tuple[int, int] | None:
        """Nothing until the guest has asked, but for the rest of a piece."""
        return super().waits_for() if self.pending or self.asked else None

    def take(self, data: bytes) -> None:
        """A piece, or the end."""
        self.pending, self.ended = b"%d\n" % len(data) + data, not data
        self.asked = False

    def move(self) -> None:
        """One read or one write, up to the end that has been said."""
        super().move()
        if self.ended and not self.pending:
            self.end()
