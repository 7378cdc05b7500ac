"""A volume's first content: whole or not at all, whenever who fills it is killed."""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
import sys

import pytest

from realrun.files import copying, filling
from realrun.files.remove import DIRECTORY_FLAGS
from realrun.runtime import volumes
from tests.realrun.stage import HANG_S, PROJECT
from tests.realrun.trees import snapshot, write

IMAGE = {"a": "1", "dir/b": "2", "dir/deep/c": "3", "link": "-> a", "empty/": None, "z": "9"}
KILLED = """
import os, sys
from realrun.files import filling
left = int(sys.argv[3])
def count(event, args):
    global left
    if event in ("os.mkdir", "os.rename", "os.remove", "os.rmdir", "os.symlink") or (
        event == "open" and args[2] & os.O_CREAT):
        left -= 1
        if left == 0:
            os._exit(9)
source, target = (os.open(path, os.O_RDONLY) for path in sys.argv[1:3])
sys.addaudithook(count)
filling.fill(source, target)
"""


def fill(source, target) -> None:
    fds = [os.open(path, DIRECTORY_FLAGS) for path in (source, target)]
    try:
        filling.fill(*fds)
    finally:
        for fd in fds:
            os.close(fd)


@pytest.mark.parametrize("how", ["the next container", "prune"])
def test_killed_anywhere(tmp_path, how):
    """At each change: the next who fills it, or `prune`, leaves all or nothing, and never half."""
    image, at, seen = write(tmp_path / "image", IMAGE), 0, set()
    whole = snapshot(image)
    code = 9
    while code == 9:
        at += 1
        data = volumes.create(tmp_path / "root", "data").mountpoint
        command = [sys.executable, "-c", KILLED, str(image), data, str(at)]
        code = subprocess.run(command, cwd=PROJECT, timeout=HANG_S).returncode
        if how == "prune":
            volumes.settle(tmp_path / "root")
            found = sorted(os.listdir(data))
            assert found in ([], sorted(os.listdir(image))), at
            seen.add(bool(found))
        fill(image, data)
        assert {k: v[:3] for k, v in snapshot_of(data).items()} == {
            k: v[:3] for k, v in whole.items()
        }, at
        shutil.rmtree(tmp_path / "root/volumes")
    assert code == 0
    assert at > 15
    assert how == "the next container" or seen == {True, False}


def snapshot_of(data):
    from pathlib import Path

    return snapshot(Path(data))


def test_what_fails_leaves_it_empty(tmp_path, monkeypatch):
    image, data = write(tmp_path / "image", IMAGE), write(tmp_path / "data", {})

    def full(*_, **__):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(copying.os, "symlink", full)
    with pytest.raises(OSError, match="No space"):
        fill(image, data)
    assert os.listdir(data) == []


def test_what_is_there_stays(tmp_path):
    image, data = write(tmp_path / "image", IMAGE), write(tmp_path / "data", {"mine": "1"})
    fill(image, data)
    assert os.listdir(data) == ["mine"]


def test_it_looks_like_the_image_with_its_times(tmp_path):
    image, data = write(tmp_path / "image", IMAGE), write(tmp_path / "data", {})
    os.chmod(image, 0o1777)
    os.utime(image, ns=(1, 2))
    fill(image, data)
    assert snapshot(data) == snapshot(image)
    assert os.stat(data).st_mtime_ns == 2
    assert os.stat(data).st_mode & 0o7777 == 0o1777
