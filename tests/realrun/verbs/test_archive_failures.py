"""load and save that are killed, that run out of room, that run side by side."""

from __future__ import annotations

import array
import fcntl
import resource
import signal
import subprocess
import termios
from pathlib import Path

import pytest

from realrun.image import Store
from tests.realrun.image.archives import saved
from tests.realrun.image.stores import add, everything
from tests.realrun.stage import COMMAND, HANG_S, cli, started, until
from tests.realrun.trees import snapshot

LARGE = {f"file-{n}": chr(65 + n) * 300_000 for n in range(8)}


@pytest.fixture
def data(tmp_path: Path) -> bytes:
    """An archive of more than a pipe holds."""
    one = Store(tmp_path / "one")
    add(one, "large", LARGE)
    return saved(one, "large")


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    """A store with another image in it, which the command line uses."""
    monkeypatch.setenv("REALRUN_ROOT", str(tmp_path / "root"))
    made = Store()
    add(made, "here", {"a": "1"})
    return made


@pytest.mark.parametrize(
    ("number", "left"), [(signal.SIGKILL, 1), (signal.SIGTERM, 0), (signal.SIGINT, 0)]
)
def test_a_load_that_is_ended_half_way_changes_nothing(store: Store, data: bytes, number, left):
    """What `kill -9` leaves is nobody's, and `prune` takes it."""
    before = everything(store)
    with started("load", stdin=subprocess.PIPE, text=False) as process:
        process.stdin.write(data[: len(data) // 2])
        process.stdin.flush()
        until(lambda: waits(process), "that it waits for more")
        process.send_signal(number)
        process.wait(HANG_S)
    assert len(list((store.root / "tmp").iterdir())) == left
    assert cli("prune").returncode == 0
    assert everything(store) == before


def waits(process: subprocess.Popen) -> bool:
    """It has taken all that was written to it, and sleeps."""
    unread = array.array("i", [0])
    fcntl.ioctl(process.stdin, termios.FIONREAD, unread)
    state = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()[0]
    return unread[0] == 0 and state == "S"


@pytest.mark.parametrize("room", [1000, 1_500_000])
def test_without_room_nothing_changes_and_the_error_says_so(store: Store, data: bytes, room: int):
    """The limit on the size of a file stands for a full disk: the same place, the same error."""
    before = snapshot(store.root, times=False)
    done = cli("load", input=data, text=False, preexec_fn=lambda: limit(room))
    assert (done.returncode, done.stdout, done.stderr.count(b"\n")) == (1, b"", 1)
    assert b"File too large" in done.stderr
    assert snapshot(store.root, times=False) == before


def test_a_save_without_room_leaves_no_file(store: Store, tmp_path: Path):
    path = tmp_path / "saved.tar"
    done = cli("save", "-o", str(path), "here", preexec_fn=lambda: limit(1000))
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (1, "", 1)
    assert [file.name for file in tmp_path.iterdir()] == ["root"]


def limit(room: int) -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (room, room))


def test_loads_side_by_side_end_as_one(store: Store, data: bytes, tmp_path: Path):
    path = tmp_path / "saved.tar"
    path.write_bytes(data)
    with started("load", "-i", str(path)) as one, started("load", "-i", str(path)) as two:
        said = [process.communicate(timeout=HANG_S) for process in (one, two)]
    assert said == [("Loaded image: large:latest\n", "")] * 2
    assert [image.reference for image in store.images()] == ["here:latest", "large:latest"]
    assert (store.resolve("large").layers[0] / "file-7").stat().st_size == 300_000
    assert list((store.root / "tmp").iterdir()) == []


def test_a_reader_that_goes_away_is_no_traceback(root):
    words = [*COMMAND, "save", "hello"]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        process.stdout.close()
        assert (process.wait(HANG_S), process.stderr.read()) == (141, b"")
