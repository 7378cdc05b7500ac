"""The rules of `cp` for its two paths, without a container."""

from __future__ import annotations

import os

import pytest

from realrun.containers.places import Target, asked, destination, locate, target
from realrun.errors import UsageError
from realrun.image.rooted import Rooted
from tests.realrun.trees import write

TREE = {"dir/file": "f", "file": "f", "link": "-> /dir", "up": "-> ../../..", "a": "-> b",
        "b": "-> a", "dangling": "-> dir/new", "away": "-> /other/too",
        "dir/back": "-> ../file"}  # fmt: skip


@pytest.fixture
def top(tmp_path):
    write(tmp_path, TREE)
    with Rooted(tmp_path) as root:
        yield root


@pytest.mark.parametrize(
    ("path", "name", "label", "directory"),
    [
        ("/a/b", b"b", b"b", False),
        ("a/b/", b"b", b"b", True),
        ("a/b/.", b"", b".", True),
        ("/", b"", b"", True),
        (".", b"", b".", True),
        ("/a/../../b", b"b", b"b", False),
        ("a/b/..", b"a", b"a", False),
    ],
)
def test_a_path_says_what_the_copy_is_called(path, name, label, directory):
    wanted = asked(path)
    assert (wanted.name, wanted.label, wanted.directory) == (name, label, directory)


@pytest.mark.parametrize(
    ("path", "follow", "leads_to"),
    [
        ("link/file", False, "dir/file"),
        ("link", False, "link"),
        ("link", True, "dir"),
        ("up", True, ""),
        ("up/up/file", False, "file"),
        ("dangling", True, "dir/new"),
        ("dir/back", True, "file"),
        ("link/back", True, "file"),
    ],
)
def test_links_are_followed_inside(top, path, follow, leads_to):
    spot = locate(top, asked(path).parts, follow)
    os.close(spot.dir_fd)
    assert b"/".join(spot.parts) == leads_to.encode()


def test_a_circle_of_links_is_an_error_unless_it_is_to_be_replaced(top):
    with pytest.raises(OSError, match="symbolic links"):
        locate(top, (b"a",), True)
    parts, found = destination(top, asked("a"))
    assert parts == (b"a",)
    assert found is not None


def arrive(top, to, name=b"src", directory=False):
    parts, found = destination(top, asked(to))
    return target(parts, found, asked(to), name, directory)


@pytest.mark.parametrize(
    ("to", "directory", "into"),
    [
        ("dir", False, Target((b"dir",), b"src")),
        ("link", True, Target((b"dir",), b"src")),
        ("file", False, Target((), b"file")),
        ("file/", True, Target((), b"file")),
        ("dir/back", False, Target((), b"file")),
        ("new", False, Target((), b"new")),
        ("new/", True, Target((), b"new")),
        ("dangling", False, Target((b"dir",), b"new")),
    ],
)
def test_a_copy_arrives_where_docker_puts_it(top, to, directory, into):
    assert arrive(top, to, directory=directory) == into


@pytest.mark.parametrize(
    ("to", "directory", "why"),
    [
        ("file", True, "directory onto a file"),
        ("new/", False, "no such directory"),
        ("file/", False, "no such directory"),
    ],
)
def test_what_docker_refuses_is_refused(top, to, directory, why):
    with pytest.raises(UsageError, match=why):
        arrive(top, to, directory=directory)


@pytest.mark.parametrize("to", ["nowhere/new", "away", "file/new"])
def test_the_directory_of_the_destination_has_to_be_there(top, to):
    with pytest.raises(OSError, match=r"No such file|Not a directory"):
        arrive(top, to)
