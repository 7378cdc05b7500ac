"""A container that runs may swap a directory for a link at any moment: nobody is led away by it.

Swapping is done by a process of its own, with renameat2(2) RENAME_EXCHANGE, so that there is always
the one or the other. Each test has a careless twin that is led away: else nothing would be shown.
"""

from __future__ import annotations

import os
import stat
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from realrun.files.copying import copy_directory
from realrun.image.changes import changes
from realrun.image.diff import walk
from realrun.image.merged import Merged
from realrun.runtime import users
from tests.realrun.trees import write

SWAPS = 10_000_000  # at most: a racer that nobody ends does so by itself
LOOKS = 3_000
SWAPPER = """
import ctypes, os, sys
one, other, times = sys.argv[1].encode(), sys.argv[2].encode(), int(sys.argv[3])
swap = ctypes.CDLL(None).renameat2
os.write(1, b"!")
for _ in range(times):
    swap(-100, one, -100, other, 2)
"""


@contextmanager
def swapping(one: Path, other: Path) -> Iterator[None]:
    """Two names change places all the time."""
    words = [sys.executable, "-c", SWAPPER, str(one), str(other), str(SWAPS)]
    with subprocess.Popen(words, stdout=subprocess.PIPE) as racer:
        try:
            racer.stdout.read(1)
            yield
        finally:
            racer.kill()


def looks(one: Path, other: Path, look: Callable[[], object], until: object = None) -> list[Any]:
    """What is seen while the two are swapped; `until` something is seen, or often enough."""
    seen: list[Any] = []
    with swapping(one, other):
        while until not in seen[-1:] and len(seen) < (LOOKS if until is None else 100 * LOOKS):
            seen.append(look())
    return seen


@pytest.fixture
def upper(tmp_path: Path) -> Path:
    """A writable layer with a directory `d` and a link `l` that leads to what is not its own."""
    return layer_in(tmp_path)


def layer_in(top: Path) -> Path:
    write(top / "outside", {"secret": "theirs", "etc/passwd": "evil:x:666:666::/:/bin/sh\n"})
    (top / "base").mkdir()
    return write(top / "upper", {"d/secret": "ours", "d/own": "", "l": "-> ../outside"})


def naive(top: Path) -> set[str]:
    """By path, as one would write it."""
    try:
        return set() if (top / "d").is_symlink() else set(os.listdir(top / "d"))
    except OSError:
        return set()


def test_diff_lists_only_what_is_the_containers(upper: Path, tmp_path: Path):
    careless = looks(upper / "d", upper / "l", lambda: "etc" in naive(upper), until=True)
    assert True in careless
    listed = looks(
        upper / "d", upper / "l",
        lambda: {one.path for one in changes([tmp_path / "base"], upper)},
    )  # fmt: skip
    both = {"/d", "/l", "/d/secret", "/d/own", "/l/secret", "/l/own"}
    assert set().union(*listed) <= both
    assert any("/d/own" in one for one in listed)


def test_sizes_and_commit_walk_only_what_is_the_containers(upper: Path):
    seen = looks(upper / "d", upper / "l", lambda: {one.path for one in walk(upper)})
    assert set().union(*seen) <= {
        b"d", b"l", b"d/secret", b"d/own", b"l/secret", b"l/own"}  # fmt: skip


@pytest.mark.skipif(os.geteuid() != 0, reason="becomes an ordinary user")
def test_what_an_ordinary_user_lends_himself_is_never_another_file():
    """A locked file, swapped for a link: the mode of what the link leads to stays as it is."""
    with tempfile.TemporaryDirectory() as name:
        top = Path(name)
        upper = layer_in(top)
        (top / "outside/secret").chmod(0o400)
        (upper / "f").write_text("")
        (upper / "f").chmod(0)
        (upper / "g").symlink_to("../outside/secret")
        for path in [top, *top.rglob("*")]:
            os.chown(path, 4321, 4321, follow_symlinks=False)
        pid = os.fork()
        if not pid:
            try:
                os.setgroups([])
                os.setresgid(4321, 4321, 4321)
                os.setresuid(4321, 4321, 4321)
                looks(upper / "f", upper / "g", lambda: list(walk(upper)))
                looks(upper / "f", upper / "g", lambda: changes([top / "base"], upper))
                os._exit(0)
            except BaseException:
                traceback.print_exc()
            finally:
                os._exit(1)
        assert os.waitpid(pid, 0)[1] == 0
        assert stat.S_IMODE((top / "outside/secret").stat().st_mode) == 0o400


def test_users_are_looked_up_in_the_container_alone(upper: Path, tmp_path: Path):
    """`exec` reads the passwd file of a running container, whose `etc` may be a link by then."""
    write(upper, {"etc/passwd": "own:x:1:1::/:/bin/sh\n", "m": "-> ../outside/etc"})
    read = users.reader([str(tmp_path / "base"), str(upper)])

    def careless() -> bool:
        try:
            node = Merged([tmp_path / "base", upper]).find("etc/passwd")
            return node is not None and "evil" in node.path.read_text()
        except OSError:
            return False

    assert True in looks(upper / "etc", upper / "m", careless, until=True)
    seen = looks(upper / "etc", upper / "m", lambda: str(read("etc/passwd")))
    assert {"evil" in str(one) for one in seen} == {False}
    assert any("own" in str(one) for one in seen)


@pytest.mark.root
def test_a_volume_is_filled_and_nothing_beside_it(upper: Path, tmp_path: Path):
    """Whoever has the same volume may swap what is being made in it."""
    image = write(tmp_path / "image", {"d/a": "1"})
    os.mkfifo(image / "d/fifo")
    (image / "d/fifo").chmod(0o777)
    for number in range(200):
        os.link(image / "d/a", image / f"d/z{number}")
    write(tmp_path / "outside", {"a": "theirs", "fifo": "theirs"})
    before = {path: path.stat() for path in (tmp_path / "outside").rglob("*")}
    for number in range(20):
        volume = tmp_path / f"volume{number}"
        write(volume, {"l": "-> ../outside"})
        fds = [os.open(path, os.O_RDONLY | os.O_DIRECTORY) for path in (image, volume)]
        try:
            with swapping(volume / "d", volume / "l"):
                copy_directory(*fds)
        except OSError:
            pass  # a link is in the way: that is what it should be
        finally:
            for fd in fds:
                os.close(fd)
    after = {path: path.stat() for path in (tmp_path / "outside").rglob("*")}
    assert {(p, s.st_mode, s.st_nlink) for p, s in after.items()} == {
        (p, s.st_mode, s.st_nlink) for p, s in before.items()}  # fmt: skip
