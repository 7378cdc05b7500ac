"""Images and volumes made to lead the engine astray while it mounts.

CVE-2019-19921: /proc of an image is a link. CVE-2021-30465: a place to mount at is exchanged for a
link meanwhile. CVE-2025-31133, CVE-2025-52565: what masks /proc, and /dev/console, come from a /dev
of somebody else's. CVE-2025-52881: the engine's own writes to /proc go somewhere else.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.realrun.stage import cli, lines
from tests.security import attacker
from tests.security.attacker import add_directory, add_file, add_link

pytestmark = [pytest.mark.root, pytest.mark.overlay]
STARTS = 25


@pytest.fixture
def outside(tmp_path) -> Path:
    """A directory of the host; whoever gets there changes it or its mark."""
    made = tmp_path / "outside"
    made.mkdir()
    (made / "mark").write_text("unmistakable\n")
    return made


def state(outside: Path) -> tuple:
    """What a way out would change on this machine."""
    files = {str(path): path.read_bytes() for path in outside.rglob("*") if path.is_file()}
    mounted = [line for line in lines("self", "mountinfo") if str(outside) in line]
    return files, sorted(outside.rglob("*")), mounted


def image(busybox: Path, folder: Path, entries: dict[str, str | None]) -> str:
    """An image with links of these names, or empty files where there is no target."""
    path = folder / "image.tar"
    with tarfile.open(path, "w") as tar:
        add_directory(tar, "bin")
        tar.add(busybox, "bin/busybox")
        for name in ("sh", "cat", "ls", "true"):
            add_link(tar, f"bin/{name}", "busybox")
        for name, target in entries.items():
            if target is None:
                add_file(tar, name, b"")
            else:
                add_link(tar, name, target)
    cli("import", str(path), "astray").check_returncode()
    return "astray"


ASTRAY = {
    "a /proc that is a link": {"proc": "OUTSIDE"},
    "a /proc that is a link upwards": {"proc": "../../../../../../../../OUTSIDE"},
    "a /proc that is a file": {"proc": None},
    "a /sys that is a link": {"sys": "OUTSIDE"},
    "a /dev that is a link": {"dev": "OUTSIDE"},
    "a /dev that is a file": {"dev": None},
    "an /etc that is a link": {"etc": "OUTSIDE"},
    "an /etc that is a link upwards": {"etc": "../../../../../../../../OUTSIDE"},
    "an /etc that is a file": {"etc": None},
    "an /etc/hosts that is a link": {"etc/hosts": "OUTSIDE/mark"},
    "a place to work that is a link": {"app": "OUTSIDE"},
    "a place for a volume that is a link": {"data": "OUTSIDE"},
}


@pytest.mark.parametrize("entries", ASTRAY.values(), ids=ASTRAY)
def test_an_image_leads_nowhere(root, busybox, tmp_path, outside, entries):
    """It runs inside its own root, or is refused in one line."""
    where = str(outside)
    name = image(
        busybox, tmp_path, {n: t and t.replace("OUTSIDE", where) for n, t in entries.items()}
    )
    before = state(outside)
    words = ["-w", "/app/new", "--tmpfs", "/data/memory", "-t", "-v", "/data/volume"]
    done = cli("run", "--rm", *words, name, "sh", "-c", f"cat {where}/mark; ls /data /app")
    assert "unmistakable" not in done.stdout
    assert done.returncode != 125 or done.stderr.count("\n") == 1, done
    assert state(outside) == before


@pytest.mark.parametrize("option", [["-v", "OUTSIDE:/proc"], ["--tmpfs", "/proc/sys"],
                                    ["-v", "OUTSIDE:/proc/self/attr"]])  # fmt: skip
def test_nothing_is_mounted_in_proc(root, outside, option):
    """Else the engine's own writes to /proc, and its masks, would go there."""
    words = [word.replace("OUTSIDE", str(outside)) for word in option]
    done = cli("run", "--rm", *words, "attacker", "true")
    assert (done.returncode, "lies in /proc" in done.stderr) == (125, True), done


@pytest.mark.parametrize("name", ["null", "console", "pts/ptmx", "ptmx"])
def test_a_dev_of_somebody_elses_opens_nothing(root, outside, name):
    """Links in it lead to a switch of the kernel, which is opened to write if it is in reach."""
    place = outside / name
    place.parent.mkdir(exist_ok=True)
    place.symlink_to("/proc/sys/kernel/core_pattern")
    look = "for f in /proc/timer_list /proc/keys /dev/console; do (: >> $f) && cat $f; done"
    before = Path("/proc/sys/kernel/core_pattern").read_text()
    done = cli("run", "--rm", "-t", "-v", f"{outside}:/dev", "attacker", "sh", "-c", look)
    assert before.strip() not in done.stdout.split()
    assert Path("/proc/sys/kernel/core_pattern").read_text() == before


EXCHANGING = """
import ctypes, os, sys
os.chdir(sys.argv[1])
libc = ctypes.CDLL(None)
while True:
    libc.renameat2(-100, b"place", -100, b"link", 2)  # RENAME_EXCHANGE
"""


@contextmanager
def exchanging(folder: Path) -> Iterator[None]:
    """Somebody swaps `place` and `link` all the time."""
    with subprocess.Popen([sys.executable, "-c", EXCHANGING, str(folder)]) as racer:
        try:
            yield
        finally:
            racer.kill()


def test_a_place_that_becomes_a_link_leads_nowhere(root, outside, tmp_path):
    """The volume is another container's, too, which swaps a directory in it for a link."""
    shared = tmp_path / "shared"
    (shared / "place").mkdir(parents=True)
    (shared / "link").symlink_to(outside)
    inner = tmp_path / "inner"
    inner.mkdir()
    before = state(outside)
    code = f"""
import realrun
from realrun.errors import RealRunError
for number in range({STARTS}):
    try:
        realrun.run("attacker", "true", volumes=["{shared}:/shared", "{inner}:/shared/place/made"])
    except RealRunError:
        pass
"""
    with exchanging(shared):
        subprocess.run([sys.executable, "-c", code], cwd=attacker.PROJECT, check=True)
    assert state(outside) == before
    assert os.listdir(inner) == []


def test_mounts_do_not_spread(root, tmp_path):
    """Neither from a container to the host, nor the other way round; below a shared mount, too."""
    shared = tmp_path / "shared"
    shared.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "tmpfs", shared], check=True)
    try:
        subprocess.run(["mount", "--make-shared", shared], check=True)
        (shared / "a").mkdir()
        (shared / "b").mkdir()
        words = ["--cap-add", "SYS_ADMIN", "-v", f"{shared}:/s", "attacker", "sh", "-c",
                 "mount -t tmpfs inside /s/a && echo ready && while [ ! -e /s/go ]; do sleep 0.1;"
                 " done; cat /proc/self/mountinfo"]  # fmt: skip
        name = cli("run", "-d", *words).stdout.strip()
        while "ready" not in cli("logs", name).stdout:
            assert "true" in cli("inspect", "-f", "{{.State.Running}}", name).stdout
        assert not [line for line in lines("self", "mountinfo") if f"{shared}/a" in line]
        subprocess.run(["mount", "-t", "tmpfs", "outside", shared / "b"], check=True)
        (shared / "go").touch()
        cli("wait", name)
        inside = cli("logs", name).stdout
        cli("rm", name)
        assert (" /s/a " in inside, " /s/b " in inside) == (True, False)
    finally:
        subprocess.run(["umount", "-R", shared], check=True)
