"""ADD of archives: what is one, what becomes of its members, what is refused."""

from __future__ import annotations

import bz2
import gzip
import lzma
import os
import shutil
import stat
import subprocess
import tarfile

import pytest

from realrun.errors import DockerfileError
from tests.realrun.build.workshop import Workshop, content, files_only
from tests.realrun.trees import archive, member

MEMBERS = [
    member("d/", tarfile.DIRTYPE, mode=0o750),
    member("d/f", data=b"f", mode=0o4711, mtime=1000),
    member("d/hard", tarfile.LNKTYPE, linkname="d/f"),
    member("d/soft", tarfile.SYMTYPE, linkname="f"),
]
FOUND = {"x": "/", "x/d": "/", "x/d/f": "f", "x/d/hard": "f", "x/d/soft": "-> f"}


def put(shop: Workshop, data: bytes, name: str = "a.data") -> None:
    shop.files({"plain": "x"})
    (shop.context / name).write_bytes(data)


@pytest.mark.parametrize("pack", [bytes, gzip.compress, bz2.compress, lzma.compress])
@pytest.mark.parametrize("target", ["/x", "/x/"])
def test_archives_are_known_by_their_content(shop: Workshop, pack, target):
    put(shop, pack(archive(MEMBERS)))
    image = shop.build(f"FROM scratch\nADD a.data {target}")
    assert content(image) == FOUND
    tree = image.layers[-1] / "x/d"
    first, second = os.lstat(tree / "f"), os.lstat(tree / "hard")
    assert (stat.S_IMODE(first.st_mode), first.st_mtime) == (0o4711, 1000)
    assert first.st_ino == second.st_ino


@pytest.mark.parametrize(
    "data",
    [b"", b"no archive", b"\0" * 1024, gzip.compress(b"none", mtime=0), b"BZh9 not", b"\x1f\x8b"],
)
def test_anything_else_is_copied_as_it_is(shop: Workshop, data):
    put(shop, data, "a.tar.gz")
    image = shop.build("FROM scratch\nADD a.tar.gz /x/")
    assert (image.layers[-1] / "x/a.tar.gz").read_bytes() == data


def test_copy_never_unpacks_and_neither_does_add_inside_a_directory(shop: Workshop):
    shop.files({"d/plain": ""})
    put(shop, archive(MEMBERS), "d/a.tar")
    for words in ("COPY d/a.tar /x/", "ADD d /x/"):
        image = shop.build(f"FROM scratch\n{words}")
        assert (image.layers[-1] / "x/a.tar").is_file()


def test_members_replace_what_is_in_their_way(shop: Workshop):
    shop.base("full", {"d": "a file", "l": "-> e", "e/old": "old", "f/x": "x"})
    put(
        shop,
        archive(
            [
                member("d/", tarfile.DIRTYPE),
                member("d/new", data=b"new"),
                member("l/", tarfile.DIRTYPE),
                member("l/in", data=b"in"),
                member("e/", tarfile.DIRTYPE, mode=0o700),
                member("f", data=b"now a file"),
            ]
        ),
    )
    image = shop.build("FROM full\nADD a.data /")
    assert files_only(image) == {"d/new": "new", "l/in": "in", "e/old": "old", "f": "now a file"}


def test_a_directory_that_is_no_member_may_be_a_link(shop: Workshop):
    """Or an archive of `lib/x` alone would take /lib from an image where it leads to /usr/lib."""
    shop.base("linked", {"lib": "-> usr/lib", "usr/lib/old": "old", "file": "F", "out": "-> /gone"})
    put(shop, archive([member("lib/x/new", data=b"new"), member("out/y", data=b"y")]))
    image = shop.build("FROM linked\nADD a.data /")
    assert files_only(image) == {
        "lib": "-> usr/lib", "usr/lib/old": "old", "usr/lib/x/new": "new", "file": "F",
        "out": "-> /gone", "gone/y": "y",
    }  # fmt: skip
    put(shop, archive([member("file/x")]))
    with pytest.raises(DockerfileError, match="/file is not a directory in the image"):
        shop.build("FROM linked\nADD a.data /")


def test_the_cache_knows_the_content_and_that_it_was_unpacked(shop: Workshop):
    put(shop, archive(MEMBERS))
    shop.build("FROM base\nCOPY a.data /x/")
    shop.build("FROM base\nADD a.data /x/")
    assert shop.cached() == [False]
    shop.build("FROM base\nADD a.data /x/")
    assert shop.cached() == [True]
    put(shop, archive(MEMBERS[:2]))
    shop.build("FROM base\nADD a.data /x/")
    assert shop.cached() == [False]


def test_zstd_is_unpacked_or_what_is_missing_is_told(shop: Workshop, monkeypatch):
    if (zstd := shutil.which("zstd")) is None:
        pytest.skip("no zstd here; on Debian: apt install zstd")
    pack = [zstd, "-qc"]
    put(shop, subprocess.run(pack, input=archive(MEMBERS), capture_output=True, check=True).stdout)
    assert content(shop.build("FROM scratch\nADD a.data /x")) == FOUND
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(DockerfileError, match=r"Dockerfile:2: ADD a\.data: .*install zstd"):
        shop.build("FROM scratch\nADD a.data /x", no_cache=True)


BAD = {
    "climbs out": archive([member("ok"), member("../x")]),
    "for themselves": archive([member("ok"), member("d/.wh.x")]),
    "cut off": archive([member("ok", data=b"x" * 5000)])[:3000],
    "does not decompress": gzip.compress(archive([member("ok", data=os.urandom(99999))]))[:60000],
    "is not a directory": archive([member("ok")]),
}


@pytest.mark.parametrize("says", BAD)
def test_bad_archives_are_refused_with_the_place(shop: Workshop, says):
    shop.base("full", {"file": "F"})
    put(shop, BAD[says])
    target = "/file" if "directory" in says else "/x/"
    with pytest.raises(DockerfileError, match=f"Dockerfile:2: .*{says}"):
        shop.build(f"FROM full\nADD a.data {target}")
