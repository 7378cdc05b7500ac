"""Holes: zeros that take no room, in every file that we write, read back as they were."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from realrun.files import holes, trail
from realrun.files.holes import GRAIN
from realrun.files.output import passed_on

RUNS = st.lists(st.tuples(st.booleans(), st.integers(1, 3 * GRAIN)), max_size=6)


def content(runs: list[tuple[bool, int]]) -> bytes:
    return b"".join((b"x" if full else b"\0") * length for full, length in runs)


@settings(max_examples=40, deadline=None)
@given(RUNS, st.integers(1, 4 * GRAIN))
def test_what_is_put_reads_back(tmp_path_factory: pytest.TempPathFactory, runs, step):
    """By a stream and by offsets, in pieces of any size."""
    data, folder = content(runs), tmp_path_factory.mktemp("holes")
    with open(folder / "stream", "wb") as out:
        for at in range(0, len(data), step):
            holes.put(out, data[at : at + step])
        out.truncate(len(data))
    with open(folder / "offsets", "wb", buffering=0) as out:
        for at in range(0, len(data), step):
            holes.put_at(out.fileno(), data[at : at + step], at)
        out.truncate(len(data))

    for name in ("stream", "offsets"):
        assert (folder / name).read_bytes() == data
        with open(folder / name, "rb") as made:
            assert b"".join(holes.pieces(made.fileno(), len(data))) == data


def sparse(path: Path) -> Path:
    """Data, 40 MiB of nothing, data, 1 MiB of nothing."""
    with open(path, "wb") as out:
        out.write(b"begin")
        out.seek(40 << 20)
        out.write(b"end")
        out.truncate(41 << 20)
    return path


def test_a_hole_is_told_and_not_read(tmp_path: Path):
    with open(sparse(tmp_path / "f"), "rb") as file:
        found = list(holes.pieces(file.fileno(), 41 << 20))
    assert sum(map(len, found)) == 41 << 20
    assert sum(piece is not holes.ZEROS for piece in found) < 5


def test_of_a_file_that_is_shorter_than_was_said_there_is_less(tmp_path: Path):
    (tmp_path / "f").write_bytes(b"12345")
    with open(tmp_path / "f", "rb") as file:
        assert b"".join(holes.pieces(file.fileno(), 9)) == b"12345"
        assert list(holes.pieces(file.fileno(), 0)) == []


def cached(path: Path) -> int:
    """Bytes of the file that are in memory: what is read without waiting (preadv2(2))."""
    total = 0
    with open(path, "rb", buffering=0) as file:
        for at in range(0, path.stat().st_size, 1 << 20):
            try:
                total += os.preadv(file.fileno(), [bytearray(1 << 20)], at, os.RWF_NOWAIT)
            except BlockingIOError:
                continue
    return total


def test_a_long_file_leaves_the_memory_as_it_is_written_and_read(tmp_path: Path):
    """The last part stays; the kernel may keep some more that it was just writing."""
    size, piece = 192 << 20, os.urandom(1 << 20)
    path = tmp_path / "long"
    with open(path, "wb", buffering=0) as out:
        follower = trail.Trail(out)
        for at in range(0, size, len(piece)):
            out.write(piece)
            follower.follow(at + len(piece))
        os.fsync(out.fileno())
        follower.follow(size + trail.STEP)
    if cached(path) == size:
        pytest.skip("this file system lives in memory or takes no advice")
    with open(path, "rb", buffering=0) as file:
        passing = trail.Passing(file)
        while passing.read(1 << 20):
            pass
    assert cached(path) <= size // 2


def test_what_is_passed_on_arrives(tmp_path: Path):
    with open(tmp_path / "sink", "wb") as sink, passed_on(sink, tmp_path) as out:
        out.write(b"abc" * 1_000_000)
    assert (tmp_path / "sink").read_bytes() == b"abc" * 1_000_000
