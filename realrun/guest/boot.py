"""A guest as the host sees it: what is said on its channels, and how it ends."""

from __future__ import annotations

import os
import re
import socket
import time
from contextlib import suppress
from dataclasses import dataclass, field
from signal import SIGKILL

from realrun.guest import backends
from realrun.guest.channels import Pieces, Stream
from realrun.guest.marks import Marks
from realrun.guest.qmp import Monitor
from realrun.guest.sessions import Sessions
from realrun.runtime.forwarding import ENDING
from realrun.runtime.run import Run, Sink, hear
from realrun.runtime.start import Starter

BOOT_DEADLINE_S, SYSTEM_DEADLINE_S = 120.0, 300.0  # the second: of a guest with a whole system
POWER_OFF_S, SYSTEM_OFF_S = 5.0, 30.0
MIB = 1 << 20
WHOLE = re.compile(r"[0-9]{1,18}")
PANIC = re.compile(rb"^(\[ *[0-9.]+\] )?Kernel panic - ", re.M)
CRASHES = ("Kernel panic", "BUG:", "Oops", "RIP:", "Comm:")


@dataclass(slots=True, kw_only=True)
class Guest(Run):
    """A guest as the host sees it."""

    sign: bytes
    out: Sink
    err: Sink
    ram_mib: int
    piece: int = 1 << 16
    lines: dict[int, int] = field(default_factory=dict)  # our ends of the channels, by number
    qemu: Monitor | None = None
    firmware: int = -1  # where its first word comes
    stdin: int | None = None  # the caller's, to be read
    feed: Pieces | None = None
    streams: set[int] = field(default_factory=set)  # the program's output, until it has ended
    sessions: Sessions | None = None
    up: bool = False  # its init can hear
    unsaid: list[str] = field(default_factory=list)  # until then
    unheard: bool = False  # a signal that it has not confirmed
    logs: tuple[int, int] = (-1, -1)  # console, the monitor's complaints
    console_read: int = 0  # bytes
    memory_kib: dict[str, int] = field(default_factory=dict)
    memory_told: bool = False
    heard: bytes = b""
    marks: Marks = field(init=False)
    news: bytes = b""  # for a guest that was saved: what it is to do
    told_code: int | None = None  # the program's exit code
    said_goodbye: bool = False
    has_system: bool = False  # of its own, which takes its time
    patience_s: float | None = None  # for how long it may say nothing; None: for ever

    def __post_init__(self) -> None:
        self.marks = Marks(self)

    def start(
        self, starter: Starter, request: dict[str, object], lock_fd: int, machine: backends.Machine
    ) -> None:
        """Make the channels and hand their other ends to the monitor."""
        pairs = {number: socket.socketpair() for number in machine.channels}
        monitors = [socket.socketpair()] if self.record.plan.isolation == "qemu" else []
        self.logs = (os.memfd_create("console"), os.memfd_create("errors"))
        firmware = [socket.socketpair()] if machine.talks else []
        null = os.open("/dev/null", os.O_RDWR | os.O_CLOEXEC)
        saved = [os.open(machine.saved, os.O_RDONLY | os.O_CLOEXEC)] if machine.saved else []
        try:
            theirs = [pair[1].fileno() for pair in (*pairs.values(), *monitors, *firmware)]
            starter.start(request, [lock_fd, null, *self.logs, *theirs, *saved])
        finally:
            for fd in (null, *saved):
                os.close(fd)
            for _, other in (*pairs.values(), *monitors, *firmware):
                other.close()
        self.lines = {number: ours.detach() for number, (ours, _) in pairs.items()}
        self.qemu = Monitor(monitors[0][0]) if monitors else None
        self.has_system = bool(machine.system)
        self.deadline_s = time.monotonic() + self.boot_s()
        self.listen(backends.ERRORS not in pairs)
        if firmware:
            self.firmware = firmware[0][0].detach()
            self.sources[self.firmware] = self.hear_firmware
        if self.news:  # it waits for a line
            os.write(self.lines[backends.CONTROL], b"\n")

    def listen(self, terminal: bool) -> None:
        """Hear what comes over the first channels."""
        output = self.lines[backends.OUTPUT]
        self.sources = {self.lines[backends.CONTROL]: self.hear_control}
        self.hear_stream(output, self.hear_output)
        if terminal:
            self.terminal = output
        else:
            self.hear_stream(self.lines[backends.ERRORS], self.err)

    def hear_stream(self, fd: int, sink: Sink) -> None:
        """Hear one of the program's outputs up to its end."""

        def over() -> None:
            self.streams.discard(fd)
            self.sources.pop(fd, None)
            self.say_goodbye()

        self.streams.add(fd)
        self.sources[fd] = Stream(self.sign, sink, over)

    def say(self, line: str) -> None:
        """A line to the guest's init, as soon as it can hear; one that has ended need not."""
        if not self.up:
            self.unsaid.append(line)
            return
        with suppress(BrokenPipeError):
            os.write(self.lines[backends.CONTROL], line.encode() + b"\n")

    def hear_control(self, data: bytes) -> None:
        """Lines from the guest's init."""
        if not data:
            self.sources.pop(self.lines[backends.CONTROL], None)
        *lines, self.heard = (self.heard + data).split(b"\n")
        for line in lines:
            self.hear_line(line.decode(errors="replace"))
        self.say_goodbye()

    def hear_line(self, line: str) -> None:
        """One line; nonsense is left aside, since root in the guest can write here as well."""
        match line.split():
            case ["mark" | "was" as word, name, time_ns] if WHOLE.fullmatch(time_ns):
                self.marks.hear(name.replace("-", " "), int(time_ns), late=word == "was")
            case ["clock", time_ns] if WHOLE.fullmatch(time_ns):
                self.marks.hear_clock(int(time_ns))
            case ["memory", key, kib] if WHOLE.fullmatch(kib):
                self.memory_told = key == "end"
                self.memory_kib[key.rstrip(":")] = int(kib)
            case ["exit", "0", code] if WHOLE.fullmatch(code):
                self.told_code = int(code)
            case ["more", "0"]:
                self.give_more()
            case ["heard", "0"]:
                self.unheard = False
            case ["exit" | "more" as what, number, *code] if self.sessions:
                self.sessions.tell(what, number, code)
            case ["fail", *words]:
                self.record.failure = (0, 0, " ".join(words))

    def begun_well(self) -> None:
        """The image's files are there, its program is about to start."""
        self.deadline_s, self.up = None, True
        self.goes_on()
        for line in self.unsaid:
            self.say(line)

    def goes_on(self) -> None:
        """It has said something, or taken something in."""
        if self.patience_s is not None:
            self.deadline_s = time.monotonic() + self.patience_s

    def give_more(self) -> None:
        """The guest can take a piece of the input; an earlier one would meet an unprepared line."""
        self.goes_on()
        if self.stdin is None:
            return
        if self.feed is None:
            channel = self.lines[backends.OUTPUT]
            self.feed = Pieces(self.stdin, channel, self.piece, self.sign)
        self.feed.ask()

    def signal(self, starter: Starter, number: int) -> None:
        """To the program. What kills it kills the machine, and so does one that comes before
        there is a program, or while the guest has not confirmed the last one."""
        too_early = number in ENDING and not self.up
        if number == SIGKILL or too_early or self.unheard:
            Run.signal(self, starter, SIGKILL)
            return
        self.unheard = number in ENDING
        self.say(f"signal 0 {number}")

    def is_deaf(self, number: int) -> bool:
        """To nothing that it has not chosen to be: it is not the first process of its guest."""
        return False

    def resize(self, rows: int, columns: int) -> None:
        """Our terminal has a new size, and so has the program's."""
        self.say(f"size 0 {rows} {columns}")

    def hear_firmware(self, data: bytes) -> None:
        """Its first word is the first that the machine does; to hear all would cost it time."""
        if data:
            self.reached("machine", time.monotonic_ns(), self.cpu_ns())
            del self.sources[self.firmware]
            os.close(self.firmware)

    def hear_output(self, data: bytes) -> None:
        """The program's output."""
        self.goes_on()
        first = not self.record.output_ns
        self.output(data)
        self.out(data)
        if first and data:
            self.marks.hear_output()

    def say_goodbye(self) -> None:
        """All has been said: the guest may switch off, and is made to if it does not."""
        if self.told_code is not None and not self.streams:
            if not self.said_goodbye:
                self.said_goodbye = True
                self.say("bye")
            self.deadline_s = time.monotonic() + (SYSTEM_OFF_S if self.has_system else POWER_OFF_S)

    def ask_memory(self) -> None:
        """Ask the guest what it holds; the answer comes in `memory_kib`."""
        self.memory_told = False
        self.say("memory")

    def has_told(self) -> bool:
        """The answer is complete (or there will be none)."""
        return self.memory_told or self.over()

    def hear(self, event: dict[str, object]) -> None:
        """The monitor's end is the guest's end; the exit code is what the guest's init told.

        What the guest said last may still lie in the channels: it is heard first.
        """
        Run.hear(self, event)
        if self.record.code is None:
            return
        self.said_goodbye = True  # there is nobody left to say it to
        for fd in list(self.sources):
            while fd in self.sources:
                hear(self, fd)
        if self.told_code is not None:
            self.record.code, self.record.failure = self.told_code, None
        elif not self.record.failure:
            self.record.failure = (0, 0, self.died())

    def trouble(self) -> str:
        """Its deadline, or a panic: a kernel that is dead may stay for ever (User-Mode Linux)."""
        return self.died() if self.panicked() else Run.trouble(self)

    def panicked(self) -> bool:
        """Do the new lines of the console, each looked at once it is whole, tell of a panic?"""
        news = os.pread(self.logs[0], MIB, self.console_read)
        lines = news if len(news) == MIB else news[: news.rfind(b"\n") + 1]
        self.console_read += len(lines)
        return bool(PANIC.search(lines))

    def died(self) -> str:
        """What to say of a guest that ended before its time."""
        return f"the guest died; {self.last_words()}"

    def late(self) -> str:
        """What a hanging guest last said."""
        late = f"did not boot within {self.boot_s():.0f} s"
        if self.up and self.patience_s is not None:
            late = f"has said nothing for {self.patience_s:.0f} s"
        return f"the guest {late}; {self.last_words()}"

    def boot_s(self) -> float:
        """How long its boot may take, in seconds."""
        return SYSTEM_DEADLINE_S if self.has_system else BOOT_DEADLINE_S

    def last_words(self) -> str:
        """What the console says of a crash, else its end and the monitor's complaints."""
        texts = [os.pread(fd, MIB, 0).decode(errors="replace") for fd in reversed(self.logs)]
        lines = [line.strip() for text in texts for line in text.splitlines() if line.strip()]
        crash = [line for line in lines if any(word in line for word in CRASHES)]
        return "console: " + " | ".join((crash or lines)[-3:]) if lines else "its console is empty"

    def close(self) -> None:
        """Let go of channels, logs and visitors."""
        if self.sessions:
            self.sessions.close()
        if self.feed:
            self.feed.end()
        for fd in (*self.logs, *self.lines.values()):
            if fd >= 0:
                os.close(fd)
        if self.qemu:
            self.qemu.close()
        self.sources, self.streams, self.lines = {}, set(), {}
        self.logs, self.qemu = (-1, -1), None
