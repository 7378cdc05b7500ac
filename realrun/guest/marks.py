"""What a guest tells of its boot, put on the host's clock, as steps of its plan."""

from __future__ import annotations

import os
import secrets
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from realrun.guest import backends
from realrun.guest.clock import Clock, Mark, Moment

if TYPE_CHECKING:
    from realrun.guest.boot import Guest

FIRST_WORD = "first word"  # the guest's own stamp of the first output, or of there being none
BORN = Mark("firmware", 0, None)  # the guest's clock begins with its kernel


@dataclass(slots=True)
class Marks:
    """The marks of one guest."""

    guest: Guest
    clock: Clock = field(default_factory=Clock)

    def hear(self, name: str, guest_ns: int, late: bool) -> None:
        """A step of the boot is over; `late`: it was some time ago."""
        if not self.clock.marks and not self.guest.news:
            self.clock.marks.append(BORN)
        if self.has(name):  # nonsense: a step is over once
            return
        self.clock.heard(guest_ns, time.monotonic_ns())
        late = late or name == FIRST_WORD  # the output may have been heard before
        self.clock.marks.append(Mark(name, guest_ns, None if late else self.guest.cpu_ns()))
        self.place()
        if name == "restore" and self.guest.news:
            self.tell_news()
        if name == "root disk":
            self.guest.begun_well()

    def has(self, name: str) -> bool:
        """Has it been heard?"""
        return any(mark.name == name for mark in self.clock.marks)

    def hear_output(self) -> None:
        """The program has spoken: nobody waits for the guest now, so it is asked for its clock."""
        self.place()
        self.ask()

    def hear_clock(self, guest_ns: int) -> None:
        """What it shows."""
        self.clock.answered(guest_ns, time.monotonic_ns())
        self.place()
        self.ask()

    def ask(self) -> None:
        """Ask again, as long as that may help."""
        if self.clock.asked(time.monotonic_ns()):
            self.guest.say("clock")

    def place(self) -> None:
        """Put all marks on the host's clock, as well as is known by now."""
        record = self.guest.record
        if not self.clock.marks or not record.child:
            return
        places = {step.name: place for place, step in enumerate(record.plan.steps)}
        told = {places[mark.name] for mark in self.clock.marks if mark.name in places}
        kept = [stamp for stamp in record.watched if stamp.step not in told]
        before = [record.child[-1], *(stamp for stamp in kept if stamp.step < min(told))]
        _, begin_ns, cpu_ns = max(before, key=lambda stamp: stamp.at_ns)
        if not self.guest.news:
            self.clock.began(begin_ns)
        record.watched = kept
        begin = Moment("", begin_ns, cpu_ns)
        for moment in self.clock.moments(begin, record.output_ns or time.monotonic_ns()):
            if moment.name != FIRST_WORD or record.output_ns:
                self.guest.reached(*moment)
        record.clock_error_ns = self.clock.error_ns

    def tell_news(self) -> None:
        """Tell a guest that goes on from where it was saved what is new: the time, what it is to
        do, and a seed, so that no random number is what another one of its kind gets."""
        now = time.time()
        rest_us = round((1 - now % 1) * 1e6)
        news = self.guest.news
        words = f"{int(now)} {rest_us} {secrets.token_hex(32)} {len(news)}\n"
        os.write(self.guest.lines[backends.CONTROL], words.encode() + news)
