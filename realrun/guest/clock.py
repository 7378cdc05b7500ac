"""A guest's clock on the host's: when the host learns late, or only from the guest, what happened.

The guest stamps its boot with its own clock. It reads h = g + offset on the host's, where no
message arrives before it was sent: a stamp g that was heard at h says offset <= h - g, an answer g
to a question of h says offset >= h - g, and a kernel that counts from 0 began no earlier than the
machine. The offset is taken in the middle of what is left, so half of that is the most that it may
be wrong, as long as both clocks run equally fast (for the seconds of a boot they do).

Sources: F. Cristian, Probabilistic clock synchronization, Distributed Computing 3 (1989); the
kernel's `kernel/time/timer_list.c` for where the guest reads its clock.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise
from typing import NamedTuple

ROUNDS = 4  # questions, each after the answer to the one before


class Mark(NamedTuple):
    """A step of the boot is over, says the guest."""

    name: str
    guest_ns: int
    cpu_ns: int | None  # what the machine had used; None: told too late to know


class Moment(NamedTuple):
    """The same on the host's clock."""

    name: str
    at_ns: int
    cpu_ns: int | None


@dataclass(slots=True)
class Clock:
    """What is known of the offset, and what is to be put on the host's clock by it."""

    least_ns: int | None = None
    most_ns: int | None = None
    marks: list[Mark] = field(default_factory=list)
    asked_ns: int = 0
    rounds: int = 0

    def heard(self, guest_ns: int, now_ns: int) -> None:
        """The guest's clock showed `guest_ns` before now."""
        most_ns = now_ns - guest_ns
        self.most_ns = most_ns if self.most_ns is None else min(self.most_ns, most_ns)

    def began(self, host_ns: int, guest_ns: int = 0) -> None:
        """The guest's clock showed `guest_ns` no earlier than at `host_ns`."""
        least_ns = host_ns - guest_ns
        self.least_ns = least_ns if self.least_ns is None else max(self.least_ns, least_ns)

    def asked(self, now_ns: int) -> bool:
        """Is a question due? It goes out now."""
        due = self.rounds < ROUNDS
        self.asked_ns, self.rounds = now_ns, self.rounds + due
        return due

    def answered(self, guest_ns: int, now_ns: int) -> None:
        """The question has come back."""
        self.began(self.asked_ns, guest_ns)
        self.heard(guest_ns, now_ns)

    @property
    def offset_ns(self) -> int:
        """What to add to the guest's clock."""
        most_ns = self.most_ns or 0
        return most_ns if self.least_ns is None else (self.least_ns + most_ns) // 2

    @property
    def error_ns(self) -> int | None:
        """By how much that may be wrong, up or down; None: nobody knows."""
        if self.least_ns is None or self.most_ns is None:
            return None
        return -(-abs(self.most_ns - self.least_ns) // 2)

    def moments(self, begin: Moment, end_ns: int) -> list[Moment]:
        """The marks on the host's clock, none before `begin`, after `end_ns` or out of order.

        What a step took of the processor, where nobody could look in time, goes by duration.
        """
        placed, last_ns = [begin], begin.at_ns
        for mark in self.marks:
            last_ns = min(max(last_ns, mark.guest_ns + self.offset_ns), end_ns)
            placed.append(Moment(mark.name, last_ns, mark.cpu_ns))
        known = [place for place, moment in enumerate(placed) if moment.cpu_ns is not None]
        for first, last in pairwise(known):
            for place in range(first + 1, last):
                placed[place] = between(placed[first], placed[last], placed[place])
        return placed[1:]


def between(first: Moment, last: Moment, moment: Moment) -> Moment:
    """The moment with its share, by duration, of what was used between two others."""
    used_ns = (last.cpu_ns or 0) - (first.cpu_ns or 0)
    share = (moment.at_ns - first.at_ns) / max(1, last.at_ns - first.at_ns)
    return moment._replace(cpu_ns=(first.cpu_ns or 0) + round(share * used_ns))
