"""Layers and their archives: whatever comes is unpacked inside, or refused in one line."""

from __future__ import annotations

import gzip
import io
import os
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from realrun.files.remove import remove_tree
from realrun.image.diff import Writer
from realrun.image.importing import packed
from realrun.image.streams import plain
from realrun.image.tarread import TarReader
from realrun.image.tarwrite import END
from realrun.image.unpack import unpack
from tests.fuzz.rules import answered, examples
from tests.realrun.trees import archive, below, member, snapshot, unpacked

PARTS = st.sampled_from(
    ["a", "b", "l", "..", ".", "", "out", ".wh.a", ".wh.b", ".wh.", ".wh...", ".wh..", "c\nd",
     ".wh..wh..opq", ".wh..wh.plnk", "\xe9", "é", "n" * 255, "n" * 256, "\udcff"]
)  # fmt: skip
NAMES = st.lists(PARTS, min_size=1, max_size=4).map("/".join)
LINKS = st.one_of(NAMES, st.sampled_from(["../out", "{out}", "../../out/secret", "/", "l", ".."]))
KINDS = st.sampled_from([b"0", b"0", b"5", b"2", b"2", b"1", b"3", b"4", b"6", b"7", b"\0", b"Z"])
XATTRS = st.dictionaries(
    st.sampled_from(
        ["SCHILY.xattr." + key for key in ("user.a", "trusted.overlay.opaque",
         "trusted.overlay.redirect", "user.overlay.redirect", "security.capability", "user.", "")]
        + ["path", "linkpath", "size", "uid", "mtime", "GNU.sparse.realsize", "GNU.sparse.name",
           "GNU.sparse.map", "GNU.sparse.major"]
    ),
    st.sampled_from(["", "y", "/out", "../out/new", "-1", "1e9", "99999999999", "0,3", "1", "a\nb",
                     "9" * 5000]),
    max_size=2,
)  # fmt: skip
MEMBERS = st.lists(
    st.builds(
        lambda name, kind, link, data, mode, headers, numbers: member(
            name, kind, data if kind in (b"0", b"7", b"\0") else b"", linkname=link, mode=mode,
            pax_headers=headers, uid=numbers, devmajor=numbers % 9, devminor=numbers % 5,
        ),
        NAMES, KINDS, LINKS, st.binary(max_size=20),
        st.sampled_from([0o644, 0o4755, 0o1777, 0o000, 0o111]), XATTRS,
        st.sampled_from([0, 1, 5, 1000, 2**32 - 1, 2**40]),
    ),
    max_size=8,
)  # fmt: skip
FORMS = st.sampled_from([tarfile.PAX_FORMAT, tarfile.GNU_FORMAT])
CHANGES = st.lists(st.tuples(st.integers(0, 20_000), st.binary(min_size=1, max_size=4)), max_size=5)
SPLICES = st.lists(st.tuples(st.integers(0, 40), st.integers(0, 40)), max_size=3)


def built(members, form: int, out: Path) -> bytes:
    for info, _ in members:
        info.linkname = info.linkname.replace("{out}", str(out))
    try:
        return archive(members, form)
    except (ValueError, UnicodeError):  # even the standard library will not write it
        return END


def damaged(data: bytes, changes, splices) -> bytes:
    """Bytes changed, blocks put elsewhere, and the checksums right again."""
    whole = bytearray(data)
    for at, new in changes:
        at %= len(whole)
        whole[at : at + len(new)] = new
    blocks = [bytes(whole[at : at + 512]) for at in range(0, len(whole), 512)]
    for source, target in splices:
        blocks.insert(target % len(blocks), blocks[source % len(blocks)])
    for number, block in enumerate(blocks):
        if block[257:262] == b"ustar" and len(block) == 512:
            front, back = block[:148], block[156:]
            blocks[number] = front + b"%06o\0 " % (sum(front) + sum(back) + 256) + back
    return b"".join(blocks)


@contextmanager
def place() -> Iterator[Path]:
    """A folder with something beside the place to unpack to, which stays as it was."""
    with tempfile.TemporaryDirectory() as name, pytest.MonkeyPatch.context() as patch:
        patch.setenv("REALRUN_UNPACK_BYTES", str(1 << 20))
        patch.setenv("REALRUN_UNPACK_ENTRIES", "200")
        top = Path(name)
        (top / "out").mkdir()
        (top / "out/secret").write_text("untouched")
        before = snapshot(top / "out"), (top / "out").stat().st_mtime_ns
        yield top
        after = snapshot(top / "out"), (top / "out").stat().st_mtime_ns
        assert after == before
        assert (top / "out/secret").stat().st_nlink == 1
        remove_tree(top / "layer")
        remove_tree(top / "again")
        assert {path.name for path in top.iterdir()} <= {"out", "layer.tar"}


def check(data: bytes, top: Path) -> None:
    """Unpacked, or refused; what was unpacked gives an archive that unpacks to the same."""
    with answered() as refused:
        unpacked(data, top / "layer")
    if not refused and no_marks(top / "layer"):
        again = io.BytesIO()
        Writer(again).tree(top / "layer")
        unpacked(again.getvalue(), top / "again")
        assert snapshot(top / "again", times=False) == snapshot(top / "layer", times=False)
    for path in below(top / "layer"):
        keys = os.listxattr(path, follow_symlinks=False)
        assert not [key for key in keys if "overlay" in key and not key.endswith("opaque")]


def no_marks(tree: Path) -> bool:
    return not any(path.name.startswith(".wh.") for path in below(tree))


@examples(120)
@given(MEMBERS, FORMS)
@example([member("a" + "/b" * 300, data=b"x")], tarfile.PAX_FORMAT)
@example([member("a", pax_headers={"path": "a" + "/b" * 2000})], tarfile.PAX_FORMAT)
@example([member("a", pax_headers={"SCHILY.xattr.security.capability": ""})], tarfile.PAX_FORMAT)
@example([member("a", pax_headers={"SCHILY.xattr.user.a": "9" * 5000})], tarfile.PAX_FORMAT)
@example([member("a", pax_headers={"size": "9" * 18})], tarfile.PAX_FORMAT)
def test_members_stay_inside_or_are_refused(members, form: int):
    with place() as top:
        check(built(members, form, top / "out"), top)


@examples(120)
@given(MEMBERS, FORMS, CHANGES, SPLICES)
def test_a_damaged_archive_stays_inside_or_is_refused(members, form: int, changes, splices):
    with place() as top:
        check(damaged(built(members, form, top / "out"), changes, splices), top)


@examples(100)
@given(st.binary(max_size=200), CHANGES, st.sampled_from("gz bz2 xz zst".split()))
def test_a_damaged_stream_ends_or_is_refused(data: bytes, changes, form: str):
    import bz2
    import lzma

    squeeze = {"gz": gzip.compress, "bz2": bz2.compress, "xz": lzma.compress,
               "zst": lambda data: b"\x28\xb5\x2f\xfd" + data}[form]  # fmt: skip
    whole = damaged(squeeze(data + archive([member("a", data=data)])), changes, [])
    with answered():
        stream = plain(io.BytesIO(whole))
        while stream.read(1 << 16):
            pass


@examples(40)
@given(MEMBERS, CHANGES, SPLICES)
def test_an_import_is_whole_or_refused(members, changes, splices):
    """What `import` and `load` do: once as a blob, once unpacked, and both are the same archive."""
    with place() as top:
        data = gzip.compress(damaged(built(members, 1, top / "out"), changes, splices))
        scratch = top / "layer"
        scratch.mkdir()
        with answered() as refused:
            layer = packed(io.BytesIO(data), scratch)
        if not refused:
            (top / "again").mkdir()
            with open(layer.blob, "rb") as blob:
                unpack(TarReader(blob.read), top / "again")
            assert snapshot(top / "again", times=False) == snapshot(layer.tree, times=False)
