"""Logs are bounded: full files are rotated, and read as if they were one; what does not fit on a
full disk is lost, counted and told, and the program goes on."""

from __future__ import annotations

import errno
import os
import random

import pytest

from realrun.console.logwords import log_bounds
from realrun.containers.logfiles import LogFiles
from realrun.containers.logs import Log
from realrun.containers.reading import Reader, View
from realrun.errors import UsageError
from tests.realrun.stage import cli, started

MIB = 1 << 20


def sizes(folder) -> list[int]:
    """Of the log's files, the newest first."""
    return [path.stat().st_size for path in sorted(folder.glob("log*"), key=lambda p: p.name)]


def read(path, **view) -> bytes:
    files = LogFiles(str(path))
    try:
        return b"".join(data for _, data in Reader(files, View(**view)).news())
    finally:
        files.close()


@pytest.mark.parametrize("seed", range(20))
def test_the_newest_files_are_kept_and_none_is_too_large(tmp_path, seed):
    """What is there is the end of all that was said, by whole lines, and so are its last lines."""
    chance = random.Random(seed)
    most, files = chance.choice((200, 1000, 5000)), chance.randrange(1, 5)
    log, said = Log(str(tmp_path / "log"), most, files), b""
    for number in range(chance.randrange(1, 400)):
        line = b"%d " % number + b"x" * chance.randrange(100) + b"\n"
        said += line
        log.write("stdout", line * chance.choice((1, 1, 0)) or line)
    log.close()
    found = read(tmp_path / "log")
    assert said.endswith(found)
    assert found.count(b"\n") >= 1
    assert max(sizes(tmp_path)) <= most
    assert len(sizes(tmp_path)) <= files
    assert found == said or len(sizes(tmp_path)) == files
    for count in (1, 3, 50):
        assert read(tmp_path / "log", last=count) == b"".join(found.splitlines(True)[-count:])


def test_who_follows_misses_nothing_of_what_is_kept(tmp_path):
    """However often it is rotated between two looks, as long as there are files enough."""
    log = Log(str(tmp_path / "log"), 300, 4)
    reader, heard = Reader(LogFiles(log.path), View()), b""
    for number in range(500):
        log.write("stdout", b"line %d\n" % number)
        if number % 7 == 0:
            heard += b"".join(data for _, data in reader.news())
    heard += b"".join(data for _, data in reader.news())
    assert heard == b"".join(b"line %d\n" % number for number in range(500))
    assert len(reader.files.parts) <= 2
    reader.files.close()
    log.close()


@pytest.mark.parametrize("cut", range(1, 5))
def test_a_watcher_killed_while_it_rotates(tmp_path, monkeypatch, cut):
    """Between any two renames: the files there are still read in their order, and go on."""
    log, renames, real = Log(str(tmp_path / "log"), 200, 4), [], os.rename

    class Killed(Exception):
        pass

    def rename(*args):
        renames.append(args)
        if len(renames) == cut:
            raise Killed
        real(*args)

    for number in range(24):  # some four to a file
        log.write("stdout", b"%d\n" % number)
    monkeypatch.setattr(os, "rename", rename)
    with pytest.raises(Killed):
        log.rotate()
    os.close(log.fd)
    monkeypatch.undo()
    again = Log(str(tmp_path / "log"), 200, 4)
    for number in range(24, 27):
        again.write("stdout", b"%d\n" % number)
    again.close()
    numbers = list(map(int, read(tmp_path / "log").split()))
    assert numbers == sorted(numbers)
    assert numbers[-3:] == [24, 25, 26]
    assert len(numbers) >= 8


def test_a_full_disk_loses_lines_and_says_so(tmp_path, monkeypatch):
    log, real, full = Log(str(tmp_path / "log"), 0, 1), os.write, [False]

    def write(fd, data):
        if full[0]:
            real(fd, data[:5])
            raise OSError(errno.ENOSPC, "")
        return real(fd, data)

    log.write("stdout", b"before\n")
    monkeypatch.setattr(os, "write", write)
    full[0] = True
    log.write("stdout", b"lost\n" * 3)
    log.write("stderr", b"lost\n")
    assert log.loss() == "4 lines of output were lost: No space left on device"
    full[0] = False
    log.write("stdout", b"after\n")
    assert log.loss() == ""
    log.close()
    told = b"realrun: 4 lines of output were lost: No space left on device\n"
    assert read(tmp_path / "log") == b"before\n" + told + b"after\n"


@pytest.mark.overlay
@pytest.mark.parametrize("detach", [False, True])
def test_a_container_that_says_hundreds_of_megabytes(registry, detach):
    """Its log stays as large as was settled, and its watcher as small as it was."""
    script = "yes 0123456789012345678901234567890123456789 | head -c 60000000; echo; echo end"
    words = ["--name", "big", "--log-opt", "max-size=1m", "--log-opt", "max-file=3", "hello"]
    with open(os.devnull, "wb") as nothing:
        cli("run", *["-d"] * detach, *words, "sh", "-c", script, stdout=nothing, stderr=nothing,
            capture_output=False)  # fmt: skip
    big = registry.find("big")
    assert registry.wait(big) == 0
    found = sizes(registry.path(big.id))
    assert len(found) == 3
    assert max(found) <= MIB
    assert sum(found) > 2 * MIB
    assert cli("logs", "-n", "1", "big").stdout == "end\n"


@pytest.mark.overlay
def test_following_a_real_one_through_its_rotations(registry):
    script = "for i in $(seq 1 3000); do echo line $i; done"
    cli("create", "--name", "far", "--log-opt", "max-size=20k", "--log-opt", "max-file=99",
        "hello", "sh", "-c", script)  # fmt: skip
    cli("start", "far")
    with started("logs", "-f", "far") as follower:
        said, _ = follower.communicate()
    assert said == "".join(f"line {number}\n" for number in range(1, 3001))
    assert len(sizes(registry.path(registry.find("far").id))) > 5


@pytest.mark.parametrize(
    "option", ["max-size=0", "max-size=x", "max-file=0", "max-file=-1", "mode"]
)
def test_a_wrong_bound_is_told(option):
    with pytest.raises(UsageError, match="--log-opt"):
        log_bounds([option])


def test_bounds_are_read():
    assert log_bounds(["max-size=10k", "max-file=1"]) == (10240, 1)
    assert log_bounds(["max-size=-1"])[0] == 0
