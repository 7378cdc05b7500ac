"""/etc/subuid and /etc/subgid: whose ids are whose, and every way in which they can be wrong."""

from __future__ import annotations

import os

import pytest

from realrun.errors import UsageError
from realrun.runtime import subids

UID, GID = 1234567, 1234568  # of nobody on this machine, so called by the number


@pytest.fixture
def given(monkeypatch, tmp_path):
    """A function: what the two files say from now on, None for one that is missing."""

    def write(subuid, subgid):
        files = (tmp_path / "subuid", tmp_path / "subgid")
        for path, text in zip(files, (subuid, subgid), strict=True):
            if text is not None:
                path.write_text(text)
        monkeypatch.setattr(subids, "FILES", tuple(map(str, files)))

    return write


@pytest.fixture
def helpers(monkeypatch, tmp_path):
    """Programs of the right names and modes, which are never called; the folder they are in."""
    monkeypatch.setattr(os, "geteuid", lambda: UID)
    monkeypatch.setattr(os, "getegid", lambda: GID)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    (tmp_path / "bin").mkdir()
    for name in subids.HELPERS:
        (tmp_path / "bin" / name).touch()
        (tmp_path / "bin" / name).chmod(0o4755)
    return tmp_path / "bin"


def test_all_ranges_of_a_user_count_in_their_order(given):
    """By name or number, with comments, empty lines, and no newline at the end."""
    given("# ids\n\nroot:300000:60000\nother:1:9\n0:400000:9000", "root:500000:65536")
    assert subids.remapped() == (
        ((0, 300000, 60000), (60000, 400000, 9000)),
        ((0, 500000, 65536),),
    )


def test_an_ordinary_user_is_root_inside_and_the_others_come_after(given, helpers):
    line = f"{UID}:100000:65536\n"
    given(line, line)
    assert subids.own() == (
        ((0, UID, 1), (1, 100000, 65536)),
        ((0, GID, 1), (1, 100000, 65536)),
    )


@pytest.mark.parametrize(
    ("line", "told"),
    [
        (None, "has no line for root; as root: usermod --add-subuids "),
        ("", "has no line for root; as root: usermod --add-subuids "),
        ("root:100000:1000", "gives root 1000 ids, and images need 65536; as root: usermod"),
        ("root:100000\n", "line 1: expected NAME:FIRST:COUNT; got 'root:100000'"),
        ("root:-5:65536\n", "line 1: expected NAME:FIRST:COUNT; got 'root:-5:65536'"),
        ("root:0:65536\n", "line 1: a range is of ids from 1 to 4294967294; got 65536 from 0 on"),
        ("root:1:0\n", "line 1: a range is of ids from 1 to 4294967294; got 0 from 1 on"),
        ("root:4294900000:70000\n", "line 1: a range is of ids from 1 to 4294967294"),
        ("a:100000:65536\nroot:165535:65536\n", "lines 2 and 1 overlap: the same ids would be"),
        ("root:100000:65536\n0:100000:65536\n", "lines 1 and 2 overlap"),
    ],
)
@pytest.mark.parametrize("wrong", [0, 1])
def test_what_is_wrong_is_said_with_file_and_way_out(given, line, told, wrong):
    good = "root:200000:65536"
    given(*((line, good) if wrong == 0 else (good, line)))
    with pytest.raises(UsageError) as refused:
        subids.remapped()
    assert str(refused.value).startswith(subids.FILES[wrong])
    assert told in str(refused.value)


@pytest.mark.parametrize("name", subids.HELPERS)
def test_the_programs_that_map_have_to_be_there_and_setuid(given, helpers, name):
    line = f"{UID}:100000:65536\n"
    given(line, line)
    (helpers / name).chmod(0o755)
    with pytest.raises(UsageError, match=f"bin/{name} is not setuid.* as root: chmod u.s "):
        subids.own()
    (helpers / name).unlink()
    with pytest.raises(
        UsageError, match=f"no {name} on PATH; install it .Debian: apt install uidmap"
    ):
        subids.own()


def test_where_apparmor_takes_the_rights_ids_are_of_no_use(given, helpers, monkeypatch, tmp_path):
    line = f"{UID}:100000:65536\n"
    given(line, line)
    (tmp_path / "switch").write_text("1\n")
    monkeypatch.setattr(subids, "APPARMOR", tmp_path / "switch")
    with pytest.raises(UsageError, match=r"sysctl -w kernel\.apparmor_restrict.*=0"):
        subids.own()
    (tmp_path / "switch").write_text("0\n")
    assert subids.own().uids[0] == (0, UID, 1)


def test_free_ids_are_after_those_of_both_files(given):
    given("a:100000:65536\n", "b:165536:65536\n")
    assert "--add-subuids 231072-296607 " in subids.advice("me")
