"""An ordinary user's limits: set in a control group that was handed to him, or refused."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from realrun import doctor
from realrun.linux import cgroups
from realrun.linux.cgroups import Layout
from realrun.runtime import limitwords, rootsteps
from tests.realrun.stage import HANG_S, PROJECT

HERE = cgroups.detect()
USER = 4711
CONTROLLERS = ("memory", "pids")
# Whatever it takes is imported before root's rights are gone: the project may be root's alone.
CODE = """
import ctypes, hashlib, os, sys, zlib
project, user, groups, *words = sys.argv[1:]
sys.path.insert(0, project)
from realrun import cli
from realrun.containers import watching
from realrun.guest import tools
from realrun.image import Store
from realrun.image.base import make_base_busybox
from realrun.verbs import run
busybox = tools.need("busybox").path
for folders in ("", groups):  # two processes, the second one in these groups
    if (pid := os.fork()) == 0:
        for folder in filter(None, folders.split(":")):
            with open(f"{folder}/cgroup.procs", "w") as file:
                file.write(str(os.getpid()))
        os.setgroups([])
        os.setresgid(*[int(user)] * 3)
        os.setresuid(*[int(user)] * 3)
        ctypes.CDLL(None).prctl(4, 1)  # PR_SET_DUMPABLE: as one who has never been root
        make_base_busybox(Store(), busybox)
        os._exit(cli.main(words))
    print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), flush=True)
"""


@pytest.fixture
def home() -> Iterator[Path]:
    """A folder of his."""
    folder = Path(tempfile.mkdtemp())
    os.chown(folder, USER, USER)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def delegated() -> Iterator[list[str]]:
    """A group for each of these controllers, or one for all, handed to him as systemd does it."""
    if not HERE.writable:
        pytest.skip("the tops of the hierarchies are not ours to write to")
    folders = []
    for tree in dict.fromkeys(HERE.trees[name] for name in CONTROLLERS):
        if HERE.version == "v2":
            cgroups.hand_down(tree, CONTROLLERS)
        folders.append(f"{tree}/test-delegated-{os.getpid()}")
        os.mkdir(folders[-1])
        for name in ("", "cgroup.procs", "cgroup.threads", "cgroup.subtree_control"):
            if os.path.exists(f"{folders[-1]}/{name}"):
                os.chown(f"{folders[-1]}/{name}", USER, USER)
    yield folders
    for folder in folders:
        left = [place for place, _, _ in os.walk(folder, topdown=False)]
        for place in left:
            os.rmdir(place)
        assert {os.path.basename(place) for place in left[:-1]} <= {cgroups.CALLERS}


@pytest.mark.root
@pytest.mark.cgroup
@pytest.mark.overlay
@pytest.mark.userns
@pytest.mark.usefixtures("busybox")
class TestForReal:
    """As user 4711, in groups of this machine's."""

    def test_limits_are_set_in_the_group_that_was_delegated_or_refused(self, home, delegated):
        """The same words twice: without a group one line, within it they are obeyed."""
        words = "run --rm -m 16m --memory-swap 16m --pids-limit 20 busybox tail /dev/zero".split()
        env = {"PATH": os.environ["PATH"], "REALRUN_ROOT": f"{home}/root", "HOME": str(home)}
        command = [sys.executable, "-c", CODE, str(PROJECT), str(USER), ":".join(delegated), *words]
        done = subprocess.run(command, capture_output=True, text=True, timeout=HANG_S, env=env)
        assert done.stdout == "125\n137\n", done.stderr
        assert done.stderr.startswith("realrun: limits need a control group that we may write to")
        assert limitwords.remedy() in done.stderr
        assert done.stderr.count("\n") == 1
        assert not list((home / "root/instances").glob("*"))


@pytest.mark.parametrize(
    ("layout", "works", "said"),
    [
        (Layout("v2", {"memory": "/g/mine"}, True), "yes", "delegated to us: /g/mine"),
        (Layout("v2", {"memory": "/g"}, False), "no", "systemd-run --user --scope -p Delegate=yes"),
        (Layout("v1", {"memory": "/g"}, False), "no", "let root hand you a group"),
    ],
)
def test_the_doctor_says_which_it_is(monkeypatch, layout, works, said):
    monkeypatch.setattr(cgroups, "_here", [layout])
    monkeypatch.setattr(rootsteps, "rootless", lambda: True)
    found = doctor.control_groups()
    assert found.works == works
    assert said in f"{found.detail} {found.remedy}"
