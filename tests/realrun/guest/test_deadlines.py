"""Every guest has a deadline and ends with its caller: also one that is booted for some work."""

from __future__ import annotations

import os
from contextlib import ExitStack
from pathlib import Path

import pytest

from realrun import engine, paths
from realrun.containers import guests, watching
from realrun.containers.registry import Registry
from realrun.errors import GuestFailed
from realrun.guest import boot
from realrun.runtime.run import drive, ignore, stop
from realrun.runtime.watch import Watch
from tests.realrun.stage import alive, cli, instances, kill, lines, started, until

pytestmark = [pytest.mark.overlay, pytest.mark.slow, pytest.mark.root]


def monitors(root: Path) -> list[int]:
    """The processes of guests whose folder is below `root`."""
    sign = f"{root}/instances/"
    pids = filter(str.isdigit, os.listdir("/proc"))
    return [int(pid) for pid in pids if any(sign in line for line in lines(pid, "environ"))]


@pytest.fixture
def box(root: Path):
    """A function that makes a guest called box, which has not run."""

    def make(isolation: str, *words: str, level: str = "minimal"):
        done = cli("create", "--name", "box", "--isolation", isolation, "--level", level, "hello",
                   *words)  # fmt: skip
        assert (done.returncode, done.stderr) == (0, "")
        return Registry(root).find("box")

    yield make
    for container in Registry(root).all():
        cli("rm", "-f", container.id)


CALLERS = [
    pytest.param("uml", ["cp", "box:/etc", "-"], marks=pytest.mark.uml),
    pytest.param(
        "qemu",
        ["run", "--rm", "--isolation", "qemu", "--level", "snapshot", "-m", "99m", "hello"],
        marks=pytest.mark.qemu,
    ),
]


@pytest.mark.parametrize(("isolation", "words"), CALLERS)
def test_a_guest_for_some_work_ends_with_its_caller(root, box, isolation, words):
    """`cp`, a machine that is being saved: killed, they leave what `prune` finds."""
    box(isolation, "true")
    kept = set((root / "guest").glob("snapshot-*"))
    with started(*words) as caller:
        (monitor, *_) = until(lambda: monitors(root), "a guest is booted")
        kill(caller.pid)
        caller.wait()
    until(lambda: not alive(monitor), "it has ended, too")
    assert cli("prune").returncode == 0
    assert instances(root) == set()
    assert not list((root / "tmp").glob("*"))
    assert set((root / "guest").glob("snapshot-*")) == kept
    if "cp" in words:
        assert cli("cp", "box:/etc", "-", text=False).returncode == 0


@pytest.mark.uml
def test_a_guest_for_some_work_has_a_deadline(root, box, monkeypatch):
    """To boot, and then to get on."""
    container, registry = box("uml", "true"), Registry(root)
    monkeypatch.setattr(guests, "PATIENCE_S", 0.5)
    with ExitStack() as stack:
        begin = guests.way_in(registry, container, True, False, stack)
        with pytest.raises(GuestFailed, match="has said nothing for 0 s"):
            guests.run(begin, "exec sleep 1000\n", None, None)
    monkeypatch.setattr(boot, "BOOT_DEADLINE_S", 0.05)
    with (
        pytest.raises(GuestFailed, match="did not boot within 0 s"),
        guests.visit(registry, container, "send_all", {}, "rb"),
    ):
        pass
    assert monitors(root) == []


@pytest.mark.qemu
def test_a_machine_to_be_saved_has_a_deadline(stage, root, monkeypatch):
    monkeypatch.setattr(boot, "BOOT_DEADLINE_S", 0.05)
    with pytest.raises(GuestFailed, match=r"cannot save a guest: .*the guest"):
        stage.run("true", isolation="qemu", level="snapshot", limits={"memory_bytes": 101 << 20})
    assert monitors(root) == []
    assert not list((root / "tmp").glob("*"))


LEVELS = [
    pytest.param("uml", "minimal", marks=pytest.mark.uml),
    pytest.param("qemu", "snapshot", marks=pytest.mark.qemu),
]


@pytest.mark.parametrize(("isolation", "level"), LEVELS)
def test_what_was_written_down_survives_a_killed_watcher(root, box, isolation, level):
    """The guest dies as of a power cut; its disk has a journal, and goes on from there. So it does
    in a machine that was saved before."""
    script = "cat /a 2> /dev/null; echo x > /a; sync; echo up; exec sleep 1000"
    container, registry = box(isolation, "sh", "-c", script, level=level), Registry(root)
    log = registry.path(container.id) / "log"
    assert cli("start", "box").returncode == 0
    until(lambda: log.exists() and b"up" in log.read_bytes(), "it says up")
    monitor = registry.state(container).pid
    kill(int(lines(str(monitor), "stat")[0].rpartition(")")[2].split()[1]))
    until(lambda: not registry.is_watched(container), "its watcher is gone")
    assert cli("prune").returncode == 0
    assert not alive(monitor)
    with Watch() as starter:
        heard = bytearray()
        spec = watching.spec_to_start(registry, container, None)
        run = engine.begin(spec, starter, heard.extend, ignore)
        drive([run], starter, until=lambda run: b"up" in heard or run.over())
        stop(run, starter)
    assert bytes(heard) == b"x\nup\n"
    assert paths.root() == root
