"""Archives become layers: the hostile stay inside, the honest come out exactly."""

from __future__ import annotations

import os
import stat
import tarfile
from pathlib import Path

import pytest

from realrun.errors import BadImage
from realrun.image.rooted import is_opaque, is_whiteout
from tests.realrun.image.slips import CHAR, DIR, FIFO, HARD, LINK, link
from tests.realrun.trees import archive, member, names, unpacked


def test_a_link_inside_is_followed_inside(tmp_path: Path):
    """`/var/run -> /run` is in most images: absolute means from the top of the image."""
    layer = unpacked(
        archive([member("run", DIR), link("var/run", "/run"), member("var/run/pid", data=b"1")]),
        tmp_path / "layer",
    )
    assert (layer / "run/pid").read_text() == "1"
    assert os.readlink(layer / "var/run") == "/run"


def test_attributes_come_out_as_they_went_in(tmp_path: Path):
    """Mode with setuid, time to the nanosecond, attributes, even of a directory we cannot enter."""
    old = os.umask(0o077)
    try:
        layer = unpacked(
            archive(
                [
                    member("closed", DIR, mode=0o000, mtime=7),
                    member("closed/in", data=b"x", mode=0o000),
                    member("su", data=b"x", mode=0o4755, pax_headers={"mtime": "1.000000025"}),
                    member("implicit/file", data=b"x"),
                    member("pipe", FIFO, mode=0o622),
                    member("x", data=b"x", pax_headers={"SCHILY.xattr.user.k": "v"}),
                ]
            ),
            tmp_path / "layer",
        )
    finally:
        os.umask(old)
    closed = (layer / "closed").stat()
    assert (stat.S_IMODE(closed.st_mode), closed.st_mtime_ns) == (0, 7 * 10**9)
    su = (layer / "su").stat()
    assert (stat.S_IMODE(su.st_mode), su.st_mtime_ns) == (0o4755, 10**9 + 25)
    assert stat.S_IMODE((layer / "implicit").stat().st_mode) == 0o755
    assert stat.S_IMODE((layer / "pipe").stat().st_mode) == 0o622
    assert os.getxattr(layer / "x", "user.k") == b"v"
    (layer / "closed").chmod(0o700)


@pytest.mark.root
def test_root_gets_owners_and_devices(tmp_path: Path):
    layer = unpacked(
        archive(
            [
                member("mine", data=b"x", uid=1234, gid=5678, mode=0o4711),
                member("link", LINK, linkname="mine", uid=3, gid=4),
                member("null", CHAR, devmajor=1, devminor=3, mode=0o666),
            ]
        ),
        tmp_path / "layer",
    )
    mine, found = (layer / "mine").stat(), (layer / "link").lstat()
    assert (mine.st_uid, mine.st_gid, stat.S_IMODE(mine.st_mode)) == (1234, 5678, 0o4711)
    assert (found.st_uid, found.st_gid) == (3, 4)
    assert (layer / "null").stat().st_rdev == os.makedev(1, 3)


def test_collisions(tmp_path: Path):
    """Directory over directory keeps the children; everything else replaces what was there."""
    layer = unpacked(
        archive(
            [
                member("d", DIR, mode=0o700), member("d/kept"), member("d", DIR, mode=0o711),
                member("f", data=b"old"), member("f", data=b"new"),
                member("was-dir", DIR), member("was-dir/x/y"), member("was-dir", data=b"file"),
                member("was-file"), member("was-file", DIR), member("was-file/x"),
                link("was-link", "d"), member("was-link", DIR), member("was-link/x"),
                member("one", data=b"1"), link("two", "one", HARD), member("two", data=b"2"),
                member("p/a"), member("p", data=b"file"), link("p", "d"), member("p/late"),
            ]
        ),
        tmp_path / "layer",
    )  # fmt: skip
    assert stat.S_IMODE((layer / "d").stat().st_mode) == 0o711
    assert names(layer) == sorted(
        "d d/kept d/late f one p two was-dir was-file was-file/x was-link was-link/x".split()
    )
    texts = {name: (layer / name).read_text() for name in ("f", "was-dir", "one", "two")}
    assert texts == {"f": "new", "was-dir": "file", "one": "1", "two": "2"}


@pytest.mark.parametrize("first", ["marker", "file"])
def test_a_whiteout_hides_below_and_never_its_own_layer(tmp_path: Path, first: str):
    """In either order: the layer's own file stays, and its own directory hides the one below."""
    members = [member("d/.wh.f"), member("d/f", data=b"own"), member(".wh.e"), member("e/x")]
    if first == "file":
        members = [members[1], members[0], members[3], members[2]]
    layer = unpacked(archive([*members, member(".wh.gone")]), tmp_path / "layer")

    assert (layer / "d/f").read_text() == "own"
    assert is_opaque(layer / "e")
    assert not is_opaque(layer / "d")
    assert is_whiteout((layer / "gone").lstat())
    assert names(layer) == ["d", "d/f", "e", "e/x", "gone"]


@pytest.mark.parametrize("place", [0, 1, 2])
def test_the_opaque_marker_acts_wherever_it_stands(tmp_path: Path, place: int):
    members = [member("d", DIR), member("d/own")]
    members.insert(place, member("d/.wh..wh..opq"))
    layer = unpacked(archive(members), tmp_path / "layer")

    assert is_opaque(layer / "d")
    assert names(layer) == ["d", "d/own"]


def test_markers_of_other_tools_and_private_attributes_do_not_come_out(tmp_path: Path):
    private = {f"SCHILY.xattr.{space}.overlay.redirect": "/secret" for space in ("trusted", "user")}
    layer = unpacked(
        archive([member(".wh..wh.aufs"), member("d", DIR, pax_headers=private)]),
        tmp_path / "layer",
    )
    assert names(layer) == ["d"]
    assert not [n for n in os.listxattr(layer / "d") if "overlay" in n]


@pytest.mark.parametrize(
    ("members", "says"),
    [
        ([member("d/.wh.")], "names nothing"),
        ([member(".wh.d/x")], "marker"),
        ([member("a", CHAR)], "disguise"),
        ([link("a", "missing", HARD)], "no file of this layer"),
        ([link("l", "l"), member("l/x")], "symbolic links"),
        ([member("f"), member("f/x")], "directory"),
        ([member("a", b"Z")], "type"),
        ([member("x" * 300)], "too long"),
        ([member("f", uid=2**32)], "id"),
    ],
)
def test_what_makes_no_sense_is_refused(tmp_path: Path, members: list, says: str):
    with pytest.raises(BadImage, match=says):
        unpacked(archive(members), tmp_path / "layer")


def test_names_need_not_be_unicode(tmp_path: Path):
    name = os.fsdecode(b"caf\xe9-" + b"n" * 120)
    layer = unpacked(archive([member(name, data=b"x")], tarfile.GNU_FORMAT), tmp_path / "layer")
    assert os.listdir(os.fsencode(layer)) == [b"caf\xe9-" + b"n" * 120]


def test_zeros_become_holes(tmp_path: Path):
    layer = unpacked(archive([member("z", data=bytes(8 << 20) + b"end")]), tmp_path / "layer")
    found = (layer / "z").stat()
    assert (found.st_size, (layer / "z").read_bytes()[-3:]) == ((8 << 20) + 3, b"end")
    assert found.st_blocks * 512 < 4 << 20
