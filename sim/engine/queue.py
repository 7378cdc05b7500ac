"""A queue before servers, with room for so many, patience, and leaving early.

First come first served. A turn is an event: its value is True when a server is there, False when
there was no room, or when patience ended first. Whoever got a server gives it back with `leave`;
whoever leaves while waiting is taken out, O(1): the place in the line is passed over later.

Closed forms: M/M/c, M/M/c/K with room for K, M/M/c + M with exponential patience (`sim.theory`);
source there.
"""

from collections import deque
from math import inf
from types import TracebackType

import simpy

WAITING, SERVED, GONE = "waiting", "served", "gone"


class Turn(simpy.Event):
    """One's place in a queue; in a `with`, it is left at the end."""

    def __init__(self, queue: "Queue") -> None:
        super().__init__(queue.env)
        self.queue = queue
        self.state = WAITING

    def __enter__(self) -> "Turn":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.queue.leave(self)


class Queue:
    """`servers` that serve one each; at most `room` inside, waiting or served.

    >>> env = simpy.Environment()
    >>> queue = Queue(env, servers=1)
    >>> first, second = queue.join(), queue.join(patience_s=2.0)
    >>> env.run(second), env.now        # nobody left in time
    (False, 2.0)
    """

    def __init__(self, env: simpy.Environment, servers: int = 1, room: float = inf) -> None:
        if not (servers >= 1 and room >= servers):
            raise ValueError(f"needs 1 <= servers <= room, got {servers} and {room}")
        self.env = env
        self.servers = servers
        self.room = room
        self.busy = 0
        self.waiting = 0
        self._line: deque[Turn] = deque()

    def join(self, patience_s: float = inf) -> Turn:
        """Stand in line for a server, for at most `patience_s`."""
        if not patience_s >= 0:
            raise ValueError(f"patience_s must be >= 0, got {patience_s}")
        turn = Turn(self)
        if self.busy < self.servers:
            self.busy += 1
            turn.state = SERVED
            turn.succeed(True)
        elif self.busy + self.waiting >= self.room:
            turn.state = GONE
            turn.succeed(False)
        else:
            self.waiting += 1
            self._line.append(turn)
            if patience_s < inf:
                self.env.timeout(patience_s, turn).callbacks.append(self._give_up)
        return turn

    def leave(self, turn: Turn) -> None:
        """Give the server back, or the place in the line; nothing if it is gone already."""
        was, turn.state = turn.state, GONE
        if was == WAITING:
            self.waiting -= 1
            turn.succeed(False)
            while self._line and self._line[0].state == GONE:
                self._line.popleft()
        elif was == SERVED:
            self.busy -= 1
            self._call()

    def _call(self) -> None:
        """Call the first in line that is still there."""
        while self._line:
            turn = self._line.popleft()
            if turn.state == WAITING:
                self.waiting -= 1
                self.busy += 1
                turn.state = SERVED
                turn.succeed(True)
                return

    def _give_up(self, timeout: simpy.Event) -> None:
        turn = timeout.value
        assert isinstance(turn, Turn)
        if turn.state == WAITING:
            self.leave(turn)
