"""Boot a guest: its files, and the host's end of its channels."""

from __future__ import annotations

import os
import re
import secrets
import socket
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from realrun.files.remove import remove_tree
from realrun.guest import backends, disk, initramfs, monitor, tools
from realrun.guest.channels import Pieces, Stream
from realrun.runtime import planning, state, users
from realrun.runtime.plan import Plan
from realrun.runtime.record import Record
from realrun.runtime.run import Run, Sink, hear
from realrun.runtime.spec import Spec
from realrun.runtime.start import Starter

BOOT_DEADLINE_S = 120.0
POWER_OFF_S = 5.0
MIB = 1 << 20
WHOLE, NUMBER = re.compile(r"[0-9]{1,12}"), re.compile(r"[0-9]{1,12}(\.[0-9]{1,9})?")
PANIC = re.compile(rb"^(\[ *[0-9.]+\] )?Kernel panic - ", re.M)
CRASHES = ("Kernel panic", "BUG:", "Oops", "RIP:", "Comm:")


def begin(
    spec: Spec, root: Path, starter: Starter, accelerator: str, out: Sink, err: Sink,
    stdin: int | None = None,
) -> Guest:  # fmt: skip
    """Ask for a guest; `stdin` is read as soon as it can take any.

    Raises `Missing` if this machine lacks a tool for it.
    """
    backend = backends.BACKENDS[spec.isolation]
    for name in backend.tools:
        tools.need(name)
    kernel = tools.need("kernel").path if backend.kernel_modules else None
    common, image = initramfs.base(kernel), disk.of(spec)
    requested_ns = time.monotonic_ns()
    folder, lock_fd = state.create(root, spec.id)
    end = "\x1e" + secrets.token_hex(8)
    try:
        machine = backends.Machine(
            folder=folder,
            disk=str(image),
            initrd=f"{folder}/initrd",
            memory_mib=spec.limits.get("memory_bytes", backends.MEMORY_MIB * MIB) // MIB,
            cpus=spec.limits.get("cpu_milli", 1000) // 1000,
            accelerator=accelerator,
            channels=backends.channels(stdin is not None),
        )
        user = users.resolve(spec.user, users.reader(spec.layers))
        settings = backend.settings | {"END": end} | ({"INPUT": ""} if stdin is None else {})
        own = initramfs.instance_part(spec, user, settings)
        Path(folder, "instance.cpio").write_bytes(own)
        steps = monitor.steps(spec, machine, str(common))
        plan = Plan(spec.id, spec.isolation, accelerator, tuple(steps))
        guest = Guest(
            record=Record(plan=plan, requested_ns=requested_ns), end=end.encode(),
            out=out, err=err, stdin=stdin, ram_mib=machine.memory_mib,
        )  # fmt: skip
        guest.start(starter, planning.request(plan, folder), lock_fd)
    except BaseException:
        remove_tree(Path(folder))
        raise
    finally:
        os.close(lock_fd)
    return guest


@dataclass(slots=True, kw_only=True)
class Guest(Run):
    """A guest as the host sees it."""

    end: bytes
    out: Sink
    err: Sink
    ram_mib: int
    control: int = -1
    stdin: int | None = None  # the caller's, to be read
    input: int = -1  # the channel that it goes to
    feed: Pieces | None = None
    logs: tuple[int, int] = (-1, -1)  # console, the monitor's complaints
    console_read: int = 0  # bytes
    memory_kib: dict[str, int] = field(default_factory=dict)
    memory_told: bool = False
    heard: bytes = b""
    init_s: float = 0.0  # when the init began, on the guest's clock
    told_code: int | None = None  # the program's exit code
    said_goodbye: bool = False

    def start(self, starter: Starter, request: dict[str, object], lock_fd: int) -> None:
        """Make the channels and hand their other ends to the monitor."""
        count = backends.channels(self.stdin is not None)
        pairs = [socket.socketpair() for _ in range(count)]
        self.logs = (os.memfd_create("console"), os.memfd_create("errors"))
        null = os.open("/dev/null", os.O_RDWR | os.O_CLOEXEC)
        try:
            theirs = [pair[1].fileno() for pair in pairs]
            starter.start(request, [lock_fd, null, *self.logs, *theirs])
        finally:
            os.close(null)
            for _, other in pairs:
                other.close()
        self.control, output, errors, *more = (ours.detach() for ours, _ in pairs)
        self.input = more[0] if more else -1
        self.sources = {
            self.control: self.hear_control,
            output: Stream(self, output, self.hear_output),
            errors: Stream(self, errors, self.err),
        }
        self.deadline_s = time.monotonic() + BOOT_DEADLINE_S

    def hear_control(self, data: bytes) -> None:
        """Lines from the guest's init."""
        *lines, self.heard = (self.heard + data).split(b"\n")
        for line in lines:
            self.hear_line(line.decode(errors="replace"))
        self.say_goodbye()

    def hear_line(self, line: str) -> None:
        """One line; nonsense is left aside, since root in the guest can write here as well."""
        match line.split():
            case ["mark", name, uptime_s] if NUMBER.fullmatch(uptime_s):
                self.hear_mark(name.replace("-", " "), float(uptime_s))
            case ["memory", key, kib] if WHOLE.fullmatch(kib):
                self.memory_told = key == "end"
                self.memory_kib[key.rstrip(":")] = int(kib)
            case ["exit", code] if WHOLE.fullmatch(code):
                self.told_code = int(code)
            case ["more"]:
                self.give_more()
            case ["fail", *words]:
                self.record.failure = (0, 0, " ".join(words))

    def hear_mark(self, name: str, uptime_s: float) -> None:
        """A step of the boot is over. `kernel` is told late, when there is a channel at last.

        The guest's clock (10 ms steps) tells how far back it was and when the kernel began.
        """
        if name == "kernel":
            self.init_s = uptime_s
            return
        now_ns, cpu_ns = time.monotonic_ns(), self.cpu_ns()
        if name == "drivers":
            self.look_back(now_ns, cpu_ns or 0, uptime_s)
        self.reached(name, now_ns, cpu_ns)
        if name == "root disk":
            self.deadline_s = None

    def give_more(self) -> None:
        """The guest can take a piece of the input; an earlier one would meet an unprepared line."""
        if self.stdin is None:
            return
        if self.feed is None:
            most = backends.BACKENDS[self.record.plan.isolation].piece
            self.feed = Pieces(self.stdin, self.input, most)
        self.feed.ask()

    def look_back(self, now_ns: int, cpu_ns: int, uptime_s: float) -> None:
        """Put `firmware` and `kernel` on the host's clock; processor time goes by duration."""
        _, exec_ns, told_ns = self.record.child[-1]
        exec_cpu_ns = told_ns or 0
        for name, seconds in (("firmware", 0.0), ("kernel", self.init_s)):
            at_ns = max(exec_ns, now_ns - round((uptime_s - seconds) * 1e9))
            share = (at_ns - exec_ns) / max(1, now_ns - exec_ns)
            self.reached(name, at_ns, exec_cpu_ns + round(share * (cpu_ns - exec_cpu_ns)))

    def hear_output(self, data: bytes) -> None:
        """The program's output."""
        self.output(data)
        self.out(data)

    def say_goodbye(self) -> None:
        """All has been said: the guest may switch off, and is made to if it does not."""
        if self.told_code is not None and set(self.sources) == {self.control}:
            if not self.said_goodbye:
                self.said_goodbye = True
                with suppress(BrokenPipeError):  # it has ended meanwhile
                    os.write(self.control, b"bye\n")
            self.deadline_s = time.monotonic() + POWER_OFF_S

    def ask_memory(self) -> None:
        """Ask the guest what it holds; the answer comes in `memory_kib`."""
        self.memory_told = False
        os.write(self.control, b"memory\n")

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
        return f"the guest did not boot within {BOOT_DEADLINE_S:.0f} s; {self.last_words()}"

    def last_words(self) -> str:
        """What the console says of a crash, else its end and the monitor's complaints."""
        texts = [os.pread(fd, MIB, 0).decode(errors="replace") for fd in reversed(self.logs)]
        lines = [line.strip() for text in texts for line in text.splitlines() if line.strip()]
        crash = [line for line in lines if any(word in line for word in CRASHES)]
        return "console: " + " | ".join((crash or lines)[-3:]) if lines else "its console is empty"

    def close(self) -> None:
        """Let go of channels and logs."""
        Run.close(self)
        for fd in (*self.logs, self.input):
            if fd >= 0:
                os.close(fd)
        self.logs, self.input = (-1, -1), -1
