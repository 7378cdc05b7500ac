"""Who the program runs as: every form of USER, against files that may be anything."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from realrun.build.owners import UnknownOwner, owner
from realrun.errors import UsageError
from realrun.image.merged import Merged
from realrun.runtime import users
from realrun.runtime.users import User
from tests.realrun.trees import write

PASSWD = """\
root:x:0:0:root:/root:/bin/sh
web:x:33:34:web:/srv:/bin/sh
twin:x:33:44::/other:
broken:x:no:1::/:
short:x:7
"""
GROUP = """\
root:x:0:
web:x:34:
staff:x:50:web,root
ops:x:51:root
odd:x:x:web
fifty:x:52:webs
"""
FILES = {"etc/passwd": PASSWD, "etc/group": GROUP}


def rows(path: str) -> list[list[str]]:
    return [line.split(":") for line in FILES[path].splitlines()]


@pytest.mark.parametrize(
    ("user", "expected"),
    [
        ("", User(0, 0, (0, 50, 51), "/root")),
        ("root", User(0, 0, (0, 50, 51), "/root")),
        ("0", User(0, 0, (0, 50, 51), "/root")),
        ("web", User(33, 34, (34, 50), "/srv")),
        ("33", User(33, 34, (34, 50), "/srv")),
        ("web:50", User(33, 50, (50,), "/srv")),
        ("web:ops", User(33, 51, (51,), "/srv")),
        ("33:ops", User(33, 51, (51,), "/srv")),
        (":staff", User(0, 50, (50,), "/root")),
        ("1234", User(1234, 0, (0,), "/")),
        ("1234:77", User(1234, 77, (77,), "/")),
        ("1234:staff", User(1234, 50, (50,), "/")),
        ("4294967294", User(4294967294, 0, (0,), "/")),
    ],
)
def test_every_form_of_user(user, expected):
    """The image specification's ladder; with a group the supplementary ones are dropped."""
    assert users.resolve(user, rows) == expected


@pytest.mark.parametrize(
    "user",
    ["nobody", "broken", "short", "-1", "+5", "1.5", " 33", "²", "٣", "4294967295", "9" * 5000]
    + ["web:nogroup", "web:-1", "web:²", ":nogroup"],
)
def test_what_cannot_be_resolved_is_refused_by_name(user):
    with pytest.raises(UsageError, match="use a number or add it"):
        users.resolve(user, rows)


def test_without_any_file_numbers_still_work():
    assert users.resolve("5:6", lambda _: []) == User(5, 6, (6,), "/")


text = st.text(st.sampled_from("ab0179²٣:,-+ \nx"), max_size=60)


@given(user=text, passwd=text, group=text)
def test_whatever_the_files_hold_it_is_a_user_or_a_refusal(user, passwd, group):
    """Never another error, and never an id that setresuid(2) would not take."""
    files = {"etc/passwd": passwd, "etc/group": group}
    try:
        found = users.resolve(user, lambda p: [x.split(":") for x in files[p].split("\n")])
    except UsageError:
        return
    assert all(0 <= number < 2**32 - 1 for number in (found.uid, found.gid, *found.groups))


def lines(*layers: Path) -> list[list[str]]:
    return users.reader([str(layer) for layer in layers])("etc/passwd")


def test_the_topmost_file_counts(tmp_path):
    low = write(tmp_path / "low", {"etc/passwd": "old"})
    top = write(tmp_path / "top", {"etc/passwd": "new:1", "etc/other": ""})
    above = write(tmp_path / "above", {"bin/x": ""})
    assert lines(low, top, above) == [["new", "1"]]


@pytest.mark.root
def test_a_deleted_file_is_deleted(tmp_path):
    low, top = write(tmp_path / "low", FILES), write(tmp_path / "top", {"etc/": None})
    os.mknod(top / "etc/passwd", 0o20000, os.makedev(0, 0))
    assert lines(low, top) == []


def test_links_stay_inside_the_image(tmp_path):
    """`etc -> /etc` and `passwd -> /etc/passwd` lead to the image's files, never to ours."""
    out = write(tmp_path / "out", {"etc": "-> /etc"})
    assert lines(out) == []
    inside = write(
        tmp_path / "in", {"etc/passwd": "-> /../../usr/lib/passwd", "usr/lib/passwd": "mine"}
    )
    assert lines(inside) == [["mine"]]


def fifo(path: Path) -> None:
    os.mkfifo(path)


def loop(path: Path) -> None:
    path.symlink_to("passwd")


def folder(path: Path) -> None:
    path.mkdir()


def device(path: Path) -> None:
    os.mknod(path, 0o20666, os.makedev(1, 5))


@pytest.mark.parametrize("make", [fifo, loop, folder, pytest.param(device, marks=pytest.mark.root)])
def test_what_is_no_file_is_not_opened(tmp_path, make):
    """A fifo would hang the engine for ever, /dev/zero fill its memory; for --chown, too."""
    etc = tmp_path / "etc"
    etc.mkdir()
    make(etc / "passwd")
    assert lines(tmp_path) == []
    with pytest.raises(UnknownOwner):
        owner("web", Merged([tmp_path]))


def test_of_a_file_without_end_only_the_beginning_counts(tmp_path):
    """A row that is cut in two would name another user."""
    write(tmp_path, {"etc/passwd": FILES["etc/passwd"]})
    with open(tmp_path / "etc/passwd", "r+b") as file:
        file.seek(users.LIMIT - len("cut:x:12"))
        file.write(b"\ncut:x:1234:1:::\n")
        file.truncate(1 << 40)
    found = lines(tmp_path)
    assert (found[0][0], "cut" in [row[0] for row in found]) == ("root", False)


def test_a_folder_that_is_a_file_holds_nothing(tmp_path):
    assert lines(write(tmp_path / "image", {"etc": "I am no folder"})) == []


def test_bytes_that_are_no_text_do_no_harm():
    with tempfile.TemporaryDirectory() as name:
        (Path(name) / "etc").mkdir()
        (Path(name) / "etc/passwd").write_bytes(b"\xff\xfe:x:5:6::/h:\n")
        found = users.resolve("\udcff\udcfe", users.reader([name]))
    assert found == User(5, 6, (6,), "/h")
