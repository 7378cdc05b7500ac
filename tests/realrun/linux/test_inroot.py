"""Places inside a hostile folder: whatever its links say, everything stays inside."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from realrun.errors import KernelRefused
from realrun.linux import inroot


@pytest.fixture
def outside(tmp_path) -> Path:
    """Beside the root: nothing may appear in it."""
    (tmp_path / "outside").mkdir()
    return tmp_path / "outside"


@pytest.fixture
def root(tmp_path, outside):
    """A root with links of every kind that could lead out."""
    root = tmp_path / "root"
    (root / "dir" / "deep").mkdir(parents=True)
    (root / "file").touch()
    links = {
        "inner": "dir/deep",
        "absolute": "/dir",
        "to-outside": str(outside),
        "up": "../../../../../../../.." + str(outside),
        "nowhere": "/made/by/link",
        "beside": "fresh",
        "proc": "/proc/self/root",
        "loop": "loop",
        "loop-a": "/loop-b/x",
        "loop-b": "/loop-a/x",
    }
    for name, target in links.items():
        (root / name).symlink_to(target)
    return root


@pytest.fixture
def fd(root):
    fd = os.open(root, os.O_PATH | os.O_DIRECTORY)
    yield fd
    os.close(fd)


def made(fd: int, path: str, directory: bool = True) -> str:
    """Where the place lies really."""
    found = inroot.open_or_make(fd, path, directory)
    try:
        return os.readlink(f"/proc/self/fd/{found}")
    finally:
        os.close(found)


@pytest.mark.parametrize(
    ("path", "real"),
    [
        ("/dir", "dir"),
        ("/inner", "dir/deep"),
        ("/absolute/deep", "dir/deep"),
        ("/new", "new"),
        ("/new/a/b", "new/a/b"),
        ("/inner/new/", "dir/deep/new"),
        ("/absolute/../new", "new"),
        ("/../../new", "new"),
        ("/nowhere", "made/by/link"),
        ("/nowhere/more", "made/by/link/more"),
        ("/beside/more", "fresh/more"),
        ("/" + "/".join("d" * 200), "/".join("d" * 200)),
    ],
)
def test_a_place_is_found_or_made_inside(root, fd, path, real):
    assert made(fd, path) == f"{root}/{real}"


@pytest.mark.parametrize("path", ["/to-outside", "/up", "/to-outside/x", "/up/x/y"])
def test_a_link_outside_means_a_place_inside(root, fd, outside, path):
    assert made(fd, path).startswith(f"{root}{outside}")
    assert list(outside.iterdir()) == []


@pytest.mark.parametrize("path", ["/new", "/nowhere", "/dir/x", "/to-outside/x"])
def test_a_file_is_made_if_asked_for(root, fd, outside, path):
    place = Path(made(fd, path, directory=False))
    assert place.is_file()
    assert place.is_relative_to(root)
    assert place.parent.is_dir()
    assert list(outside.iterdir()) == []


@pytest.mark.parametrize("path", ["/loop", "/loop/x", "/loop-a", "/proc/x", "/file/x"])
def test_what_cannot_be_is_refused(fd, path):
    with pytest.raises((KernelRefused, OSError)):
        inroot.open_or_make(fd, path, True)


def test_a_strict_umask_does_not_hide_the_place(fd):
    umask = os.umask(0o077)
    try:
        place = made(fd, "/new/file", directory=False)
    finally:
        assert os.umask(umask) == 0o077
    assert [os.stat(p).st_mode & 0o777 for p in (place, os.path.dirname(place))] == [0o755, 0o755]


RENAMES = (
    "import os, sys\nwhile True: os.rename(sys.argv[1], sys.argv[2]); os.rename(*sys.argv[:0:-1])"
)


def test_a_restless_machine_does_not_matter(root, fd, tmp_path):
    """While directories are renamed anywhere the kernel does not vouch for a `..`."""
    (tmp_path / "a").mkdir()
    words = [sys.executable, "-c", RENAMES, str(tmp_path / "a"), str(tmp_path / "b")]
    with subprocess.Popen(words) as restless:
        try:
            assert {made(fd, "/dir/../inner/../deep") for _ in range(2000)} == {f"{root}/dir/deep"}
        finally:
            restless.kill()


def test_asking_makes_nothing(root, fd):
    before = sorted(os.listdir(root))
    assert [inroot.exists(fd, path) for path in ("/dir", "/inner", "/new", "/nowhere")] == [
        True, True, False, False,
    ]  # fmt: skip
    assert sorted(os.listdir(root)) == before
