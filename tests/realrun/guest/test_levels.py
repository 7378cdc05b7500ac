"""Levels of guests: how they are named, and that each runs the same image and says so."""

from __future__ import annotations

import shutil
import time
from pathlib import Path

import pytest

from realrun import engine
from realrun.errors import Missing, UsageError
from realrun.guest import backends, levels, tools
from tests.realrun.stage import NO_TRACES, cli, traces

ALIVE = [pytest.mark.overlay, pytest.mark.slow]
LEVELS = [
    pytest.param("uml", "distro", marks=[*ALIVE, pytest.mark.uml]),
    pytest.param("qemu", "minimal/microvm", marks=[*ALIVE, pytest.mark.qemu]),
    pytest.param("qemu", "snapshot", marks=[*ALIVE, pytest.mark.qemu]),
]


@pytest.fixture
def fetched(request) -> None:
    """The guest's own system, which takes a minute and a network to make."""
    if "distro" in request.getfixturevalue("level") and tools.find("distro") is None:
        pytest.skip(f"no distro: {tools.advice('distro')}")


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("container", "snapshot", ""), r"container does not know --level.*uml or qemu"),
        (("process", "", "q35"), r"process does not know --level and --machine"),
        (("uml", "snapshot", ""), r"--level of uml must be one of minimal, distro; got 'snapshot'"),
        (("uml", "", "q35"), "Linux has no machine to choose"),
        (("qemu", "big", ""), r"must be one of minimal, distro, snapshot; got 'big'"),
        (("qemu", "minimal/isapc", ""), r"--machine must be one of .*; got 'isapc'"),
    ],
)
def test_what_there_is_not_is_refused(words, why):
    with pytest.raises(UsageError, match=why):
        levels.asked(*words)


def test_every_way_is_one_that_can_be_asked_for():
    for isolation, level in levels.ways():
        assert levels.text(*levels.asked(isolation, level)) == level
    assert ("qemu", "snapshot") in levels.ways()
    assert len(set(levels.ways())) == len(levels.ways())


def test_a_kernel_is_for_guests(stage):
    done = cli("run", "--isolation", "container", "--kernel", "/k", "hello")
    assert done.returncode == 125
    assert "runs on this machine's kernel, not on --kernel; leave it out" in done.stderr


@pytest.mark.qemu
def test_a_kernel_must_be_readable(stage):
    with pytest.raises(Missing, match="--kernel /nowhere is not a file that can be read"):
        stage.run("true", isolation="qemu", kernel="/nowhere")


@pytest.mark.parametrize(("isolation", "level"), LEVELS)
def test_each_level_runs_the_image_and_tells_of_its_steps(stage, root, isolation, level, fetched):
    """Output, exit code, input, phases without gaps, a clock on ours; and nothing is left."""
    told = stage.run("sh", "-c", "cat /etc/hostname; hostname; pwd; exit 7", isolation=isolation,
                     level=level, hostname="chosen", cwd="/tmp")  # fmt: skip
    assert (told.code, told.out.split()[-2:]) == (7, ["chosen", "/tmp"]), told
    record = told.record
    assert record.plan.level == level
    names = [phase.name for phase in record.phases()]
    assert names == [*(step.name for step in record.plan.steps), "exit", "remove"]
    assert all(phase.duration_s >= 0 for phase in record.phases())
    assert record.clock_error_ns is not None
    assert record.clock_error_ns >= 0
    assert traces(root, record.plan.instance) == NO_TRACES


SECRETS = """
date +%s
cat /proc/sys/kernel/random/uuid /proc/sys/kernel/random/boot_id
hostname
awk '/\\[stack\\]/ {print $1}' /proc/self/maps
"""


@pytest.mark.overlay
@pytest.mark.slow
@pytest.mark.qemu
def test_guests_from_one_snapshot_are_told_apart_and_know_the_time(stage, root):
    """Random numbers, ids, addresses and names are their own; their clocks go right."""
    begin_s = int(time.time())
    told = [stage.sh(SECRETS, isolation="qemu", level="snapshot").split() for _ in range(3)]
    for place in range(1, 5):
        assert len({lines[place] for lines in told}) == 3, place
    assert all(begin_s - 1 <= int(lines[0]) <= time.time() for lines in told)
    assert len(list((root / "guest").glob("snapshot-*"))) == 1
    assert not list((root / "tmp").glob("*"))


@pytest.mark.overlay
@pytest.mark.slow
@pytest.mark.qemu
def test_what_one_guest_writes_the_next_does_not_see(stage):
    """The disk of each is its own, also for those that share a snapshot."""
    script = "ls /written 2>/dev/null; echo x > /written; sync; cat /written"
    assert [stage.sh(script, isolation="qemu", level="snapshot") for _ in range(2)] == ["x\n"] * 2


@pytest.mark.overlay
@pytest.mark.slow
@pytest.mark.qemu
def test_a_snapshot_that_cannot_be_read_ends_in_one_line(stage, root):
    """Cut short, it is not mistaken for a machine."""
    stage.sh("true", isolation="qemu", level="snapshot")
    (kept,) = (root / "guest").glob("snapshot-*")
    whole = kept.with_suffix(".whole")
    shutil.copyfile(kept, whole)
    try:
        with open(kept, "r+b") as file:
            file.truncate(whole.stat().st_size // 2)
        with pytest.raises(engine.GuestFailed, match="the guest died"):
            stage.run("true", isolation="qemu", level="snapshot")
    finally:
        whole.rename(kept)


@pytest.mark.overlay
@pytest.mark.slow
@pytest.mark.uml
def test_the_system_of_a_distro_guest_is_up_when_the_program_runs(stage):
    """Its first process is systemd, and the program is none of its files' business."""
    if tools.find("distro") is None:
        pytest.skip(f"no distro: {tools.advice('distro')}")
    script = "cat /proc/1/comm; ls /etc/systemd 2>/dev/null; ls -d /proc/[0-9]* | wc -l"
    first, count = stage.sh(script, isolation="uml", level="distro").split()
    assert first == "systemd"
    assert int(count) > 15


@pytest.mark.parametrize("model", ["q35", "microvm"])
def test_a_machine_has_the_devices_of_its_kind(monkeypatch, model):
    monkeypatch.setattr(tools, "need", lambda name: tools.Tool(Path(f"/{name}"), None))
    monkeypatch.setattr(backends.processor, "counter_khz", lambda: 2_100_000)
    machine = backends.Machine("/f", "/disk", "/initrd", 128, 1, "tcg", model=model, kernel="/k",
                               system="/system")  # fmt: skip
    words = " ".join(backends.qemu_argv(machine))
    bus = {"q35": "pci", "microvm": "device"}[model]
    assert f"-machine {model},accel=tcg" in words
    assert f"virtio-blk-{bus},drive=system,serial=system" in words
    assert ("tsc_early_khz=2100000" in words) == (model == "microvm")
    assert "-incoming" not in words
    saved = backends.qemu_argv(machine._replace(saved="/saved"))
    assert saved[saved.index("-incoming") + 1] == f"fd:{machine.more_fd}"
