"""logs: all that was said comes out as it went in, from the end of a long log at once."""

from __future__ import annotations

import os
import random
import subprocess

import pytest

from realrun.containers import moments, reading
from realrun.containers.logfiles import LogFiles
from realrun.containers.logs import LONGEST, Log, moment
from realrun.containers.reading import Reader, View
from realrun.errors import UsageError
from realrun.verbs.logs import lines
from tests.realrun.stage import COMMAND, HANG_S, cli, started

SAY = "printf 'one '; echo oops >&2; sleep 0.1; echo two; printf three"


@pytest.fixture
def log(tmp_path):
    """An empty log; its file can be read as well."""
    one = Log(str(tmp_path / "log"), 0, 1)
    one.reader = LogFiles(one.path)
    yield one
    one.reader.close()
    one.close()


def read(log, **view):
    """What each stream said."""
    said = {"stdout": b"", "stderr": b""}
    for stream, data in Reader(log.reader, View(**view)).news():
        said[stream] += data
    return said


@pytest.mark.overlay
def test_each_stream_comes_out_where_it_belongs(registry):
    cli("run", "--name", "one", "hello", "sh", "-c", SAY)
    done = cli("logs", "one")
    assert (done.returncode, done.stdout, done.stderr) == (0, "one two\nthree", "oops\n")
    assert cli("logs", "-n", "1", "one").stdout == "three"
    assert cli("logs", "--tail", "0", "one").stdout == ""
    assert cli("logs", "--since", "1h", "one").stdout == done.stdout
    assert cli("logs", "--until", "1h", "one").stdout == ""
    stamped = cli("logs", "-t", "one").stdout.split("\n")
    assert [line.partition("Z ")[2] for line in stamped] == ["one two", "three"]
    assert moments.asked(stamped[0].split()[0], 0) < moments.asked(stamped[1].split()[0], 0)


@pytest.mark.overlay
def test_following_ends_with_the_container(registry):
    """It gets to hear everything, also of one that is removed at its end."""
    script = "for i in 1 2 3; do echo $i; sleep 0.1; done; printf end"
    cli("run", "-d", "--rm", "--name", "far", "hello", "sh", "-c", script)
    assert cli("logs", "-f", "far").stdout == "1\n2\n3\nend"
    assert cli("logs", "far").returncode == 1


@pytest.mark.overlay
def test_following_begins_with_what_was_said_before(registry):
    cli("run", "--name", "again", "hello", "sh", "-c", "echo up; sleep 0.2; echo down")
    assert cli("logs", "-f", "again").stdout == "up\ndown\n"
    cli("start", "again")
    with started("logs", "-f", "-n", "3", "again") as follower:
        said, _ = follower.communicate(timeout=HANG_S)
    assert said in (
        "up\ndown\nup\ndown\n",
        "down\nup\ndown\n",
    )  # at its start it had said up or not


@pytest.mark.overlay
def test_following_ends_when_the_watcher_was_killed(registry):
    cli("run", "-d", "--name", "lost", "hello", "sh", "-c", "echo up; sleep 1000")
    pid = registry.state(registry.find("lost")).pid
    with open(f"/proc/{pid}/stat", encoding="utf-8") as file:
        watcher = int(file.read().rpartition(")")[2].split()[1])
    with started("logs", "-f", "lost") as follower:
        assert follower.stdout.readline() == "up\n"
        os.kill(watcher, 9)
        assert follower.wait(HANG_S) == 0


def test_one_that_never_ran_has_said_nothing(registry):
    cli("create", "--name", "new", "hello")
    done = cli("logs", "-f", "new")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_a_reader_who_goes_away_early_is_no_error(registry):
    cli("create", "--name", "wide", "hello")
    long = Log(str(registry.path(registry.find("wide").id) / "log"), 0, 1)
    for _ in range(3000):
        long.write("stdout", b"x" * 100 + b"\n")
    long.close()
    with subprocess.Popen([*COMMAND, "logs", "wide"], stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE) as process:  # fmt: skip
        assert process.stdout is not None
        process.stdout.read(10)
        process.stdout.close()
        assert process.stderr is not None
        assert process.stderr.read() == b""


def test_lines_longer_than_the_format_takes_are_one_again(log):
    data = b"a" * (3 * LONGEST + 5) + b"\n" + b"b\r\n\n\x00\xff"
    log.write("stdout", data)
    assert read(log)["stdout"] == data
    assert read(log, last=4)["stdout"] == data
    assert read(log, times=True)["stdout"].count(b"Z ") == 4


@pytest.mark.parametrize("seed", range(30))
def test_the_last_lines_are_those_of_a_plain_count(log, seed):
    """Pieces of lines of both streams between each other: a line counts where it ends."""
    chance = random.Random(seed)
    ended: list[tuple[str, list[bytes]]] = []
    waiting: dict[str, list[bytes]] = {"stdout": [], "stderr": []}
    for number in range(chance.randrange(200)):
        stream = chance.choice(("stdout", "stderr", "stdout"))
        end = chance.random() < 0.6
        piece = b"%d%s" % (number, b"\n" if end else b",")
        log.write(stream, piece)
        waiting[stream].append(piece)
        if end:
            ended.append((stream, waiting[stream]))
            waiting[stream] = []
    for count in (0, 1, 2, 5, 50):
        assert read(log, last=count) == newest(ended, waiting, count)


def newest(ended, waiting, count):
    """What the last lines were, by stream; one that has not ended counts with its last piece."""
    ends = [(last(pieces), stream, pieces) for stream, pieces in ended]
    ends += [(last(pieces), stream, pieces) for stream, pieces in waiting.items() if pieces]
    chosen = sorted(ends)[-count:] if count else []
    return {
        name: b"".join(b"".join(pieces) for _, stream, pieces in chosen if stream == name)
        for name in ("stdout", "stderr")
    }


def last(pieces):
    """The number of the last piece of a line."""
    return int(pieces[-1].strip(b",\n"))


def test_little_is_read_of_a_long_log(log, monkeypatch):
    """The end of a log of many mebibytes is found from the end."""
    line = moment(0).encode() + b" stdout F " + b"x" * 1000 + b"\n"
    for _ in range(8):
        os.write(log.fd, line * 1000)
    reads = []
    plain = os.pread
    monkeypatch.setattr(os, "pread", lambda *args: reads.append(args[1]) or plain(*args))
    assert read(log, last=3)["stdout"].count(b"\n") == 3
    assert sum(reads) < 2 * reading.LOOK_BACK


def test_what_a_killed_watcher_left_is_passed_over(log):
    log.write("stdout", b"good\n")
    os.write(log.fd, b"2026-01-31T12:00:0\n")
    log.write("stdout", b"again\n")
    assert read(log)["stdout"] == b"good\nagain\n"
    assert read(log, last=2)["stdout"] == b"good\nagain\n"


@pytest.mark.parametrize("text", ["yesterday", "1x", "2026-13-01", "2026-01-01T25", "-5", ""])
def test_what_is_no_time_is_told(text):
    with pytest.raises(UsageError, match="is no time: write 2026"):
        moments.asked(text, 0)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-01-31T12:00:00Z", 1769860800 * 10**9),
        ("2026-01-31T12:00:00.000000001Z", 1769860800 * 10**9 + 1),
        ("2026-01-31T13:00:00+01:00", 1769860800 * 10**9),
        ("1769860800", 1769860800 * 10**9),
        ("1769860800.5", 1769860800 * 10**9 + 5 * 10**8),
        ("1h0.5s", 10**18 - 3600 * 10**9 - 5 * 10**8),
    ],
)
def test_times_are_exact_to_the_nanosecond(text, expected):
    assert moments.asked(text, 10**18) == expected


def test_a_wrong_number_of_lines_is_told():
    with pytest.raises(UsageError, match="--tail wants a number of lines, or all; got 'x'"):
        lines("x")
    assert [lines(text) for text in ("all", "-7", "12")] == [-1, -1, 12]
