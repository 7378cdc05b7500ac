"""What a guest's monitor can do on this machine: whoever breaks out of a guest is that program."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from realrun import paths
from realrun.guest import tools
from realrun.runtime.run import drive
from tests.realrun.guest.test_boot import GUESTS
from tests.realrun.linux.test_inside import mount_points, status_of
from tests.realrun.stage import Stage

pytestmark = [pytest.mark.overlay, pytest.mark.slow]
# What its root can see and write of this machine, if its kernel lends a hand.
HOST_FILES = """
mkdir /tmp/host && mount -t hostfs none /tmp/host -o / || exit 1
cd /tmp/host
ls && echo && ls dev
for place in . usr dev etc; do touch $place/new && echo written $place; done
mkdir /tmp/above && mount -t hostfs none /tmp/above -o /../../..
cat ".$SECRET" "/tmp/above$SECRET"
"""


@pytest.mark.uml
def test_a_guest_that_mounts_the_hosts_files_sees_what_its_kernel_needs(stage: Stage, tmp_path):
    """User-Mode Linux lets a guest's root do that: hostfs. Nothing there is secret, or its own."""
    secret = tmp_path / "secret"
    secret.write_text("told")
    done = stage.run("sh", "-c", HOST_FILES, isolation="uml", env={"SECRET": str(secret)})
    top, _, rest = done.out.partition("\n\n")
    places = {str(path).split("/")[1] for path in (paths.root(), tools.need("uml").path)}
    assert set(top.split()) <= {"dev", "etc", "lib", "lib64", "proc", "usr", *places}
    assert rest.split() == ["null", "random", "shm", "stdout", "urandom", "zero"]
    assert done.err.count("No such file") == 2


@pytest.mark.parametrize("isolation", GUESTS)
def test_a_monitor_is_contained_like_a_program(stage: Stage, isolation):
    """No rights, a filter, namespaces of its own, and its root holds what it needs."""
    run = stage.begin("sh", "-c", "echo; exec sleep 60", isolation=isolation)
    try:
        drive([run], stage.starter, until=type(run).ready)
        place = Path("/proc", str(run.record.pid))
        status = status_of((place / "status").read_text())
        mounts = mount_points((place / "mountinfo").read_text())
        shared = [
            name
            for name in ("mnt", "pid", "net", "uts", "ipc")
            if os.readlink(place / "ns" / name) == os.readlink(f"/proc/self/ns/{name}")
        ]
    finally:
        stage.starter.signal(run.id, 9)
        drive([run], stage.starter)
        run.close()
    sets = {status[f"Cap{name}"] for name in ("Inh", "Prm", "Eff", "Bnd", "Amb")}
    assert (sets, status["NoNewPrivs"], status["Seccomp"]) == ({"0" * 16}, "1", "2")
    assert shared == []
    assert not {"/home", "/root", "/tmp", "/sys"} & set(mounts)
