"""The disk is full, processes, descriptors or memory are used up: one line says so, nothing stays,
and what makes room works."""

from __future__ import annotations

import os
import re
import resource
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from realrun.containers import keeper
from realrun.containers.creating import create
from realrun.containers.registry import Registry
from realrun.engine import Wishes
from realrun.linux import cgroups
from tests.realrun.crash.operations import outside
from tests.realrun.stage import cli, everything_left, until

pytestmark = pytest.mark.overlay
FULL = "No space left on device"


@pytest.fixture
def disk(hello_root, tmp_path, monkeypatch) -> Iterator[Path]:
    """A ROOT on a small file system of its own, beside a folder `outside`."""
    root, image = tmp_path / "disk", tmp_path / "image"
    root.mkdir()
    how = ["-t", "tmpfs", "-o", "size=24m", "small"]
    if shutil.which("mkfs.ext4"):  # a folder takes room there, too
        with open(image, "wb") as file:
            file.truncate(24 << 20)
        subprocess.run(["mkfs.ext4", "-q", "-m", "0", "-b", "1024", str(image)], check=True)
        how = ["-o", "loop", str(image)]
    subprocess.run(["mount", *how, str(root)], check=True)
    try:
        saved = tmp_path / "hello.tar"  # nothing else that others have left in their ROOT
        theirs = {"REALRUN_ROOT": str(hello_root)}
        done = cli("save", "-o", str(saved), "hello", "busybox", env=theirs)
        assert done.returncode == 0, done.stderr
        (tmp_path / "outside").mkdir()
        outside(tmp_path / "outside", tmp_path / "elsewhere")
        monkeypatch.setenv("REALRUN_ROOT", str(root))
        assert cli("load", "-q", "-i", str(saved)).returncode == 0
        yield root
    finally:
        (root / "ballast").unlink(missing_ok=True)
        cli("rm", "-f", "made", "ended", "runs", "late", "new")
        subprocess.run(["umount", "--lazy", str(root)], check=True)


def fill(root: Path) -> Path:
    """Not a byte is left; what the file gives back is room again."""
    ballast = root / "ballast"
    for piece in (1 << 20, 1 << 10, 1):
        with open(ballast, "ab", buffering=0) as file, suppress(OSError):  # what we are after
            while file.write(bytes(piece)) == piece:
                continue
    return ballast


def stands_still(path: Path) -> bool:
    """It does not grow for a while."""
    size = path.stat().st_size
    time.sleep(0.2)
    return path.stat().st_size == size


def prepared(root: Path) -> Registry:
    """One container that has written, one that runs, one image that can go, a volume."""
    registry = Registry(root)
    create(registry, "hello", Wishes(words=("true",)), "made")
    for name, script in (("ended", "echo 1 > /mine"), ("runs", "echo up; sleep 1000")):
        one = create(registry, "hello", Wishes(words=("sh", "-c", script)), name)
        keeper.detach(registry, one)
    registry.wait(registry.find("ended"))
    assert cli("tag", "hello", "spare").returncode == 0
    assert cli("volume", "create", "vol").returncode == 0
    return registry


NEED_ROOM = [
    ["build", "-q", "-t", "new", "OUTSIDE/context"],
    ["run", "--name", "new", "hello", "sh", "-c", "head -c 100000 /dev/zero > /file"],
    ["create", "--name", "new", "hello"],
    ["load", "-q", "-i", "OUTSIDE/archive.tar"],
    ["import", "OUTSIDE/files.tar", "new"],
    ["commit", "ended", "new"],
    ["cp", "OUTSIDE/archive.tar", "made:/new"],
    ["cp", "OUTSIDE/archive.tar", "runs:/new"],
]


@pytest.mark.root
def test_what_needs_room_says_that_there_is_none(disk, tmp_path):
    """In one line; then what is left makes no trouble, and with room it works."""
    registry = prepared(disk)
    for words in NEED_ROOM:
        assert cli("prune").returncode == 0  # an image without a name goes only where there is room
        words = [word.replace("OUTSIDE", str(tmp_path / "outside")) for word in words]
        ballast = fill(disk)
        done = cli(*words)
        assert done.returncode not in (0, -9), done
        assert FULL in done.stderr or "write error" in done.stderr, done
        assert "Traceback" not in done.stderr
        pruned = cli("prune")
        assert (pruned.returncode, pruned.stderr) == (0, ""), (words, pruned)
        left = [line for line in everything_left(disk) if line.startswith("folder")]
        assert left == [f"folder {disk}/instances/{registry.find('runs').id}"], words
        ballast.unlink()
        cli("rm", "-f", "new")
        done = cli(*words)
        assert done.returncode == 0, done
        cli("rm", "-f", "new")
        cli("rmi", "-f", "new", "other")


@pytest.mark.root
def test_what_makes_room_works_without_any(disk):
    """And a container that ends on a full disk has its exit code."""
    registry = prepared(disk)
    late = create(registry, "hello", Wishes(words=("sh", "-c", "sleep 1; exit 7")), "late")
    keeper.detach(registry, late)
    fill(disk)
    assert registry.wait(late) == 7
    state = registry.state(late)
    assert (state.status, state.exit_code) == ("exited", 7)
    for words in (
        ["stop", "-t", "0", "runs"],
        ["rm", "made"],
        ["rm", "-f", "ended", "runs", "late"],
        ["rmi", "spare"],
        ["volume", "rm", "vol"],
        ["prune"],
        ["ps", "-a"],
        ["images"],
    ):
        done = cli(*words)
        assert (done.returncode, done.stderr) == (0, ""), (words, done)
    assert everything_left(disk) == []


@pytest.mark.root
def test_a_log_on_a_full_disk(disk):
    """The container goes on; what was lost is told where it is missing."""
    registry = Registry(disk)
    cli(
        "run",
        "-d",
        "--name",
        "runs",
        "hello",
        "sh",
        "-c",
        "while usleep 1000; do echo 12345; done",
    )
    talks = registry.find("runs")
    log = registry.path(talks.id) / "log"
    until(lambda: log.stat().st_size > 0, "it talks")
    ballast = fill(disk)
    until(lambda: stands_still(log), "no line goes in any more")
    size = log.stat().st_size
    ballast.unlink()
    until(lambda: log.stat().st_size > size, "there is room again")
    assert registry.state(talks).status == "running"
    assert cli("stop", "-t", "0", "runs").returncode == 0
    assert f"lines of output were lost: {FULL}" in cli("logs", "runs").stderr


def told(words: list[str], before: Callable[[], None], name: str) -> bool:
    """Did it work; if not, one line says what was used up."""
    done = cli(*words, preexec_fn=before)
    if done.returncode:
        assert done.returncode in (1, 125), done
        assert re.fullmatch("([0-9a-f]{64}\n)?", done.stdout), done  # as in Docker
        assert done.stderr.count("\n") == 1 or name in done.stderr, done
    return done.returncode == 0


STARTS = [["run", "--rm", "hello", "true"], ["run", "--rm", "-d", "hello", "true"]]


@pytest.fixture
def clean(root) -> Iterator[Registry]:
    """Afterwards one `prune` leaves nothing but containers that can be removed."""
    yield Registry(root)
    until(lambda: cli("prune").returncode == 0 and not everything_left(root), "nothing is left")
    assert cli("rm", "-f", *(one.name for one in Registry(root).all()), "none").returncode == 0
    assert Registry(root).ids() == []


def limited(kind: int, most: int) -> Callable[[], None]:
    return lambda: resource.setrlimit(kind, (most, most))


@pytest.mark.parametrize("words", STARTS, ids=["foreground", "background"])
def test_descriptors(clean, words):
    """From so few that it cannot to so many that it can."""
    found = [
        told(words, limited(resource.RLIMIT_NOFILE, most), "files")
        for most in (9, 11, 13, 15, 18, 22, 64)
    ]
    assert found == sorted(found)
    assert (found[0], found[-1]) == (False, True)


@pytest.mark.parametrize("words", STARTS, ids=["foreground", "background"])
def test_memory(clean, words):
    """Of the engine's own; Python itself takes some before it can say anything."""
    found = [
        told(words, limited(resource.RLIMIT_AS, most << 20), "emory")
        for most in (24, 28, 32, 40, 400)
    ]
    assert found[-1] is True


@pytest.mark.root
@pytest.mark.cgroup
@pytest.mark.parametrize("words", STARTS, ids=["foreground", "background"])
def test_processes(clean, words):
    """A group that lets only so many be made."""
    group = f"{cgroups.detect().trees['pids']}/exhausted-{os.getpid()}"
    os.mkdir(group)
    try:
        found = []
        for most in (1, 2, 3, 5, 40):
            cgroups.write(f"{group}/pids.max", str(most))
            found.append(told(words, lambda: cgroups.write(f"{group}/cgroup.procs", "0"), "fork"))
            until(lambda: not cgroups.read_words(f"{group}/cgroup.procs"), "all have ended")
        assert found == sorted(found)
        assert (found[0], found[-1]) == (False, True)
    finally:
        until(lambda: cgroups.removed(group), "the group is empty")
