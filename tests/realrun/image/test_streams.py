"""Streams: every compression by its first bytes, some pieces ahead, nothing lost, nothing left."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import shutil
import subprocess
import threading
import tracemalloc

import pytest

from realrun.errors import BadImage, Missing
from realrun.image.streams import Readable, ahead, plain

TEXT = b"".join(b"%d " % number for number in range(400_000))


def zstd(data: bytes) -> bytes:
    if shutil.which("zstd") is None:
        pytest.skip("no zstd here to compress with")
    return subprocess.run(["zstd", "-cq"], input=data, stdout=subprocess.PIPE, check=True).stdout


def everything(stream: Readable, count: int = 70_000) -> bytes:
    return b"".join(iter(lambda: stream.read(count), b""))


COMPRESSIONS = [bytes, gzip.compress, bz2.compress, lzma.compress, zstd]


@pytest.mark.parametrize("squeeze", COMPRESSIONS)
def test_every_form_is_read_by_its_first_bytes(squeeze):
    assert everything(plain(io.BytesIO(squeeze(TEXT)))) == TEXT
    with ahead(plain(io.BytesIO(squeeze(TEXT)))) as stream:
        assert everything(stream) == TEXT
        assert stream.read(1) == b""


@pytest.mark.parametrize("squeeze", COMPRESSIONS[1:])
@pytest.mark.parametrize("end", [-1, 600])
def test_a_stream_that_is_cut_off_is_said_to_be(squeeze, end: int):
    broken = plain(io.BytesIO(squeeze(TEXT)[:end]))
    with pytest.raises(BadImage, match="does not decompress"), ahead(broken) as stream:
        everything(stream)


@pytest.mark.parametrize(
    "more", [b"", b"\0" * 3_000, gzip.compress(b"2nd", mtime=0), gzip.compress(b"", mtime=0)]
)
def test_members_of_gzip_follow_each_other(more: bytes):
    """Python's own decompressor is the oracle; zeros between and after are padding."""
    data = gzip.compress(TEXT) + more
    assert everything(plain(io.BytesIO(data))) == gzip.decompress(data)


def test_the_checksum_of_gzip_counts():
    data = bytearray(gzip.compress(TEXT))
    data[-6] ^= 1
    with pytest.raises(BadImage, match="does not decompress"):
        everything(plain(io.BytesIO(data)))
    with pytest.raises(BadImage, match="does not decompress"):
        everything(plain(io.BytesIO(gzip.compress(TEXT) + b"what is this")))


def test_without_the_program_a_zstd_stream_says_what_to_install(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(Missing, match="apt install zstd"):
        plain(io.BytesIO(b"\x28\xb5\x2f\xfd" + bytes(100)))


class Failing(io.BytesIO):
    def read(self, count: int | None = -1, /) -> bytes:
        if piece := super().read(count):
            return piece
        raise OSError(5, "Input/output error")


@pytest.mark.parametrize("squeeze", [bytes, zstd])
def test_an_error_of_the_source_is_raised_where_the_stream_is_read(squeeze):
    failing = Failing(squeeze(TEXT))
    with pytest.raises(OSError, match="Input/output"), ahead(plain(failing)) as stream:
        everything(stream)


class Endless:
    def read(self, count: int, /) -> bytes:
        return bytes(count)


def test_a_stream_that_nobody_reads_to_its_end_leaves_no_thread():
    before = threading.active_count()
    for _ in range(20):
        with ahead(Endless()) as stream:
            assert stream.read(10) == bytes(10)
    assert threading.active_count() == before


def test_a_bomb_takes_no_more_memory_than_a_few_pieces():
    data = gzip.compress(bytes(64 << 20))
    tracemalloc.start()
    with ahead(plain(io.BytesIO(data))) as stream:
        assert sum(len(piece) for piece in iter(lambda: stream.read(1 << 20), b"")) == 64 << 20
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 16 << 20
