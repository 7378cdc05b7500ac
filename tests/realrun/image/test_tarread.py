"""The reader of archives against the standard library's, and against archives gone wrong."""

from __future__ import annotations

import io
import shutil
import subprocess
import tarfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from realrun.errors import BadImage, UsageError
from realrun.image import tarread
from realrun.image.budget import BYTES, ENTRIES
from realrun.image.tarread import Entry, TarReader
from realrun.image.tarwrite import END, headers, padding
from tests.realrun.trees import archive, member

FORMS = (tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT)
NAMES = st.text(st.characters(codec="utf-8", exclude_characters="\0/"), min_size=1, max_size=60)
PATHS = st.lists(NAMES, min_size=1, max_size=5).map("/".join)


def read_all(data: bytes) -> list[tuple[Entry, bytes]]:
    reader, found = TarReader(io.BytesIO(data).read), []
    for entry in reader:
        body = bytearray(entry.size)
        for offset, piece in reader.chunks(entry):
            body[offset : offset + len(piece)] = piece
        found.append((entry, bytes(body)))
    return found


@given(
    st.lists(st.tuples(PATHS, st.binary(max_size=2000), st.integers(0, 2**31)), max_size=5),
    st.sampled_from(FORMS[1:]),
)
def test_it_reads_what_the_standard_library_writes(files, form):
    """Names of any length, in both ways of writing long ones."""
    data = archive([member(name, data=body, mtime=at) for name, body, at in files], form)

    found = [(e.name.decode(), body, e.mtime_ns // 10**9) for e, body in read_all(data)]
    assert found == [(name, body, at) for name, body, at in files]


@given(
    st.lists(
        st.builds(
            Entry,
            name=PATHS.map(str.encode),
            kind=st.just(tarread.REGULAR),
            mode=st.integers(0, 0o7777),
            uid=st.integers(0, 2**32 - 2),
            gid=st.integers(0, 2**32 - 2),
            size=st.integers(0, 1500),
            mtime_ns=st.integers(-(2**40), 2**40).map(lambda s: s * 10**9),
            xattrs=st.dictionaries(
                st.sampled_from([b"user.a", b"security.capability"]), st.binary(max_size=50)
            ),
        ),
        max_size=4,
    )
)
def test_what_is_written_is_read_again(entries):
    """Headers carry every attribute, whatever its size; the standard library agrees on names."""
    data = b"".join(headers(e) + b"x" * e.size + padding(e.size) for e in entries) + END

    assert [entry for entry, _ in read_all(data)] == entries
    with tarfile.open(fileobj=io.BytesIO(data)) as tar:
        assert [info.name.encode() for info in tar] == [e.name.rstrip(b"/") for e in entries]


@settings(max_examples=300)
@given(st.data())
def test_a_damaged_archive_is_refused_or_read_but_never_breaks_us(data):
    """Bytes changed at random: the outcome is members or BadImage, and it comes soon."""
    whole = bytearray(
        archive([member("a" * 120, data=b"x" * 700), member("b", pax_headers={"mtime": "1.5"})])
    )
    for _ in range(data.draw(st.integers(1, 6))):
        whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    if data.draw(st.booleans()):
        fix_checksums(whole)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(BYTES, str(1 << 20))
        try:
            found = read_all(bytes(whole))
        except BadImage:
            return
    assert len(found) <= len(whole) // 512


def fix_checksums(data: bytearray) -> None:
    """Make every block that could be a header look like one: the reader has to look further."""
    for at in range(0, len(data) - 511, 512):
        block = data[at : at + 512]
        if block[257:262] == b"ustar":
            block[148:156] = b" " * 8
            data[at + 148 : at + 156] = b"%06o\0 " % sum(block)


def test_a_broken_header_in_the_middle_is_not_the_end():
    """The standard library stops there in silence, which would hide half a layer."""
    data = bytearray(archive([member("one"), member("two")]))
    data[512 + 5] ^= 1
    with tarfile.open(fileobj=io.BytesIO(data)) as tar:
        assert tar.getnames() == ["one"]

    with pytest.raises(BadImage, match="checksum"):
        read_all(bytes(data))


@pytest.mark.parametrize(
    ("field", "value", "says"),
    [
        (slice(124, 136), b"\xff" * 12, "negative"),
        (slice(124, 136), b"\x80" + b"\xff" * 11, "more than"),
        (slice(124, 136), b"77777777777\0", "cut off|more than"),
        (slice(108, 116), b"-000001\0", "octal"),
        (slice(100, 108), b"0x00644\0", "octal"),
    ],
)
def test_numbers_that_cannot_be(field, value, says, monkeypatch: pytest.MonkeyPatch):
    data = bytearray(archive([member("f", data=b"abc")]))
    data[field] = value
    fix_checksums(data)
    monkeypatch.setenv(BYTES, str(1 << 20))
    with pytest.raises(BadImage, match=says):
        read_all(bytes(data))


def pax(records: bytes) -> bytes:
    """An archive with one member under a pax header of our making."""
    extended = Entry(b"x", b"x", 0o644, 0, 0, len(records), 0)
    plain = Entry(b"f", tarread.REGULAR, 0o644, 0, 0, 0, 0)
    return headers(extended) + records + padding(len(records)) + headers(plain) + END


@pytest.mark.parametrize(
    "records",
    [
        b"nonsense\n", b"9999 path=x\n", b"0 a=b\n", b"11 path=ab\0", b"12 size=-12\n",
        b"12 size=0x1\n", b"13 mtime=nan\n", b"15 mtime=1e999\n", b"12 path=a\0b\n",
        b"30 GNU.sparse.major=1\n10 a=bcd\n",
    ],
)  # fmt: skip
def test_pax_headers_that_make_no_sense(records):
    with pytest.raises(BadImage):
        read_all(pax(records))


def test_an_extended_header_cannot_eat_the_memory():
    data = headers(Entry(b"x", b"x", 0o644, 0, 0, 8 << 30, 0))
    with pytest.raises(BadImage, match="extended header"):
        read_all(data + bytes(1024))


def test_entries_and_bytes_have_a_budget(monkeypatch: pytest.MonkeyPatch):
    data = archive([member(str(n), data=b"x" * 100) for n in range(20)])
    for name, most, says in ((ENTRIES, 19, "more than 19 entries"), (BYTES, 1999, "1999 bytes")):
        monkeypatch.setenv(name, str(most))
        with pytest.raises(BadImage, match=f"{says}; {name} can allow more"):
            read_all(data)
        monkeypatch.setenv(name, str(most + 1))
        assert len(read_all(data)) == 20


@pytest.mark.parametrize("odd", ["-1", "1e9", "64g", " 5"])
def test_a_budget_is_a_number(odd: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv(BYTES, odd)
    with pytest.raises(UsageError, match=f"{BYTES} is {odd!r}; it has to be a number"):
        read_all(b"")


def test_holes_count_and_so_do_headers_without_end(monkeypatch: pytest.MonkeyPatch):
    """A terabyte of nothing would take hours to copy, and headers alone are no member."""
    holes = {"GNU.sparse.major": "0", "GNU.sparse.minor": "1", "GNU.sparse.name": "f",
             "GNU.sparse.size": str(1 << 40), "GNU.sparse.map": "0,3"}  # fmt: skip
    with pytest.raises(BadImage, match="unpacks to more than"):
        read_all(archive([member("f", data=b"abc", pax_headers=holes)]))
    monkeypatch.setenv(BYTES, str(1 << 41))
    reader = TarReader(io.BytesIO(archive([member("f", data=b"abc", pax_headers=holes)])).read)
    assert [entry.size for entry in reader] == [1 << 40]
    extended = headers(Entry(b"x", b"x", 0o644, 0, 0, 0, 0))
    with pytest.raises(BadImage, match="extended headers for one member"):
        read_all(extended * 100)


@pytest.mark.parametrize(
    "options", [["--format=gnu"], ["--sparse-version=0.1"], ["--sparse-version=1.0"]]
)
def test_holes_are_read_as_gnu_tar_writes_them(tmp_path: Path, options: list[str]):
    """All three maps give the file back, zeros and all."""
    tar = shutil.which("tar")
    if (
        tar is None
        or "GNU tar"
        not in subprocess.run([tar, "--version"], capture_output=True, text=True).stdout
    ):
        pytest.skip("no GNU tar here to write sparse members")
    with open(tmp_path / "holes", "wb") as file:
        for at in range(0, 60 << 20, 2 << 20):
            file.seek(at)
            file.write(b"island %d" % at)
        file.truncate(64 << 20)
    form = options if options[0].startswith("--format") else ["--format=pax", *options]
    data = subprocess.run(
        [tar, "-c", "--sparse", *form, "-C", tmp_path, "holes"], capture_output=True, check=True
    ).stdout

    [(entry, body)] = read_all(data)
    assert len(data) < 1 << 20
    assert (entry.name, entry.size) == (b"holes", 64 << 20)
    assert body == (tmp_path / "holes").read_bytes()
