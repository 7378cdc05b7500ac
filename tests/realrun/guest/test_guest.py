"""The host's end of a guest: what it says on its channels, however the bytes arrive."""

from __future__ import annotations

import os
import socket
import time
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from realrun.guest import boot
from realrun.guest.boot import Guest
from realrun.guest.channels import Stream
from realrun.runtime.plan import CHILD, FIRST_OUTPUT, WATCHED, Plan, Stamp, Step
from realrun.runtime.record import Record

END = b"\x1e0123456789abcdef"
WATCH = ("firmware", "kernel", "drivers", "root disk")
WORD = ("command", "first word")
STEPS = (
    Step("exec", "", CHILD, "exec"),
    *(Step(name, "", WATCHED) for name in (*WATCH, *WORD)),
    FIRST_OUTPUT,
)


class Heard:
    """A guest of which only the channels are there."""

    def __init__(self) -> None:
        self.out, self.err = bytearray(), bytearray()
        record = Record(plan=Plan("id", "uml", "uml", STEPS), requested_ns=0)
        record.child = [Stamp(0, 10**9, 10**6)]
        self.guest = Guest(
            record=record, sign=END, out=self.out.extend, err=self.err.extend, ram_mib=64, up=True
        )
        pairs = [socket.socketpair() for _ in range(3)]
        self.theirs = [theirs for _, theirs in pairs]
        self.guest.lines = {number: ours.detach() for number, (ours, _) in enumerate(pairs)}
        self.guest.listen(terminal=False)

    def __enter__(self) -> Heard:
        return self

    def __exit__(self, *_: object) -> None:
        self.guest.close()
        for end in self.theirs:
            end.close()

    def stream(self, number: int) -> Stream:
        return list(self.guest.sources.values())[number]


def chunks(data: bytes, cuts: list[int]) -> list[bytes]:
    """The data cut at these places (modulo its length), no piece empty."""
    places = sorted({0, len(data), *(cut % (len(data) + 1) for cut in cuts)})
    return [data[a:b] for a, b in pairwise(places)]


pieces = st.lists(st.sampled_from([END[:1], END[:5], END[:-1], END[1:], b"x", b"\n", b"\xff"]))


@given(pieces.map(b"".join), st.lists(st.integers(0, 10**6)), st.binary(max_size=3))
def test_however_the_bytes_arrive_the_output_is_the_same(output, cuts, behind):
    """Nothing of the program's output is lost, nothing of the sign of its end is shown."""
    while END in output:  # what is left may be another
        output = output.replace(END, b"")
    with Heard() as heard:
        stream = heard.stream(1)
        for chunk in chunks(output + END + behind, cuts):
            if stream in heard.guest.sources.values():
                stream(chunk)
        assert bytes(heard.out) == output
        assert stream not in heard.guest.sources.values()


@given(pieces.map(b"".join), st.lists(st.integers(0, 10**6)))
def test_only_what_might_be_the_end_is_held_back(output, cuts):
    """At every moment all is passed on but a beginning of the sign; at the channel's end all."""
    while END in output:  # what is left may be another
        output = output.replace(END, b"")
    with Heard() as heard:
        stream, so_far = heard.stream(1), b""
        for chunk in chunks(output, cuts):
            stream(chunk)
            so_far += chunk
            held = so_far[len(heard.out) :]
            assert so_far.startswith(bytes(heard.out))
            assert END.startswith(held)
        stream(b"")
        assert bytes(heard.out) == output


TALK = (
    b"was kernel 500000000\nmark drivers 800000000\nmark root-disk 900000000\n"
    b"memory MemTotal: 1000\nmemory Program: 7\nmemory end 0\nexit 0 3\n"
)


@given(st.lists(st.integers(0, 10**6)))
def test_lines_may_come_in_pieces(cuts):
    with Heard() as heard:
        for chunk in chunks(TALK, cuts):
            heard.guest.hear_control(chunk)
        names = [STEPS[stamp.step].name for stamp in heard.guest.record.watched]
        assert names == list(WATCH)
        assert heard.guest.memory_kib == {"MemTotal": 1000, "Program": 7, "end": 0}
        assert (heard.guest.memory_told, heard.guest.told_code) == (True, 3)


def test_the_boot_is_put_on_the_hosts_clock():
    """The guest's clock tells how far back its kernel began, never before the monitor did."""
    with Heard() as heard:
        heard.guest.record.child = [Stamp(0, time.monotonic_ns() - 2 * 10**9, 10**6)]
        heard.guest.hear_control(b"was kernel 500000000\nmark drivers 800000000\n")
        firmware, kernel, drivers = heard.guest.record.watched
        assert (drivers.at_ns - kernel.at_ns) == pytest.approx(0.3e9, abs=2)
        assert (drivers.at_ns - firmware.at_ns) == pytest.approx(0.8e9, abs=2)
        assert heard.guest.record.clock_error_ns >= 0.6e9  # nobody has asked the guest


def test_what_a_guest_says_of_a_time_before_its_machine_is_not_believed():
    with Heard() as heard:
        heard.guest.hear_control(b"was kernel 5\nmark drivers %d\n" % 10**17)
        began_ns = heard.guest.record.child[-1].at_ns
        assert all(stamp.at_ns >= began_ns for stamp in heard.guest.record.watched)
        heard.guest.hear_control(b"mark drivers 7\nwas kernel 9\nmark restore 1\n")
        assert len(heard.guest.record.watched) == 3


def test_the_guests_own_word_of_the_output_counts_if_there_was_any():
    """It may come before the output or behind it; it is never later than what we have heard."""
    with Heard() as heard:
        began_ns = heard.guest.record.child[-1].at_ns
        heard.guest.hear_control(b"was kernel 5\nmark command 10\nmark first-word 20\n")
        assert "first word" not in names_of(heard)
        heard.guest.hear_output(b"out")
        assert names_of(heard)[-2:] == ["first word", "first output"]
        *_, word, output = sorted(stamp.at_ns for stamp in heard.guest.record.watched)
        assert began_ns <= word <= output == heard.guest.record.output_ns


def names_of(heard: Heard) -> list[str]:
    """The steps that are over, in the order of the plan."""
    return [STEPS[stamp.step].name for stamp in sorted(heard.guest.record.watched)]


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b" ",
        b"exit",
        b"exit 0 abc",
        b"exit 0 -1",
        b"exit 1 1",
        b"mark",
        b"mark x",
        b"mark drivers nan",
    ]
    + [b"memory", b"memory a b", b"memory end x", b"\xff\xfe", b"bye", b"exit 0 " + b"9" * 5000]
    + ["exit 0 ²".encode(), b"mark drivers 1e999", b"clock", b"clock x", b"was kernel 0.5"],
)
def test_nonsense_of_a_guest_is_left_aside(line):
    """Root in a guest can write to its end of the channel; the engine must survive that."""
    with Heard() as heard:
        heard.guest.hear_control(line + b"\nexit 0 4\n")
        assert heard.guest.told_code == 4
        assert heard.guest.record.watched == []


def test_goodbye_is_said_when_all_has_been_heard():
    """Not before both outputs have ended: the guest would switch off with bytes on their way."""
    with Heard() as heard:
        control = heard.theirs[0]
        control.setblocking(False)
        streams = [heard.stream(1), heard.stream(2)]
        heard.guest.hear_control(b"exit 0 5\n")
        streams[0](b"out" + END)
        assert control.recv(10) == b"clock\n"
        with pytest.raises(BlockingIOError):
            control.recv(10)
        streams[1](END)
        assert control.recv(10) == b"bye\n"
        assert heard.guest.told_code == 5


def ended(heard: Heard, code: int = 0) -> Guest:
    """The monitor is gone, and with it the other ends of the channels."""
    for end in heard.theirs:
        end.close()
    event = {
        "event": "exited",
        "code": code,
        "cpu_s": 0.0,
        "oom": False,
        "exit_ns": 1,
        "removed_ns": 2,
    }
    heard.guest.hear(event)
    return heard.guest


def test_the_guests_word_counts_not_the_monitors():
    """And what it said last is heard although it is dead already."""
    with Heard() as heard:
        for end, words in zip(heard.theirs, (b"exit 0 9\n", b"out" + END, b"err"), strict=True):
            end.send(words)
        guest = ended(heard, code=137)
        assert (guest.record.code, guest.record.failure) == (9, None)
        assert (bytes(heard.out), bytes(heard.err)) == (b"out", b"err")
        assert guest.over()


PANICS = [
    ("Kernel panic - not syncing: x\n", True),
    ("one\r\n[    1.234567] Kernel panic - not syncing: x\nlast", True),
    ("[42.1] Kernel panic - \n", True),
    ("a line that says Kernel panic - not syncing\n", False),
    ("Kernel panics are rare\n", False),
    ("x" * 5000 + "\nKernel panic - not syncing: far\n", True),
]


@pytest.mark.parametrize("step", [1, 7, 1 << 22])
@pytest.mark.parametrize(("console", "panicked"), PANICS)
def test_a_panic_is_seen_on_the_console(console, panicked, step):
    """However the bytes arrive, and long before the deadline; what is told otherwise is none."""
    with Heard() as heard:
        heard.guest.logs = (os.memfd_create("console"), os.memfd_create("errors"))
        assert heard.guest.trouble() == ""
        told = []
        for start in range(0, len(console), step):
            os.write(heard.guest.logs[0], console[start : start + step].encode())
            told += filter(None, [heard.guest.trouble()])
        assert len(told) == panicked
        assert heard.guest.trouble() == ""
        assert all(words.startswith("the guest died; console: ") for words in told)


def test_a_console_without_end_is_looked_through_in_pieces():
    """One look takes a bounded time; a panic behind a long line is found at the next."""
    with Heard() as heard:
        heard.guest.logs = (os.memfd_create("console"), os.memfd_create("errors"))
        os.write(
            heard.guest.logs[0], b"x" * (boot.MIB + 5) + b"\nKernel panic - not syncing: far\n"
        )
        assert [heard.guest.panicked() for _ in range(3)] == [False, True, False]


@pytest.mark.parametrize(
    ("console", "words"),
    [
        ("", "its console is empty"),
        ("one\ntwo\n\nthree\nfour\n", "console: two | three | four"),
        ("start\nKernel panic - not syncing\nlast\n", "console: Kernel panic - not syncing"),
    ],
)
def test_a_guest_that_dies_says_its_last_words(console, words):
    """A crash counts more than what came after it."""
    with Heard() as heard:
        heard.guest.logs = (os.memfd_create("console"), os.memfd_create("errors"))
        os.write(heard.guest.logs[0], console.encode())
        failure = ended(heard).record.failure
        assert failure == (0, 0, f"the guest died; {words}")
        assert heard.guest.late().endswith(words)
        assert f"{boot.BOOT_DEADLINE_S:.0f} s" in heard.guest.late()
