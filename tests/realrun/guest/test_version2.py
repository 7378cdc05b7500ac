"""Control groups of version 2 alone: a guest of ours whose kernel has them runs our own tests.

The guest's image is busybox, this Python, pytest and the project. By default it runs what this file
names; all that know of groups, which takes a long while:

    VERSION2_TESTS="tests/realrun/linux tests/realrun/oci" python -m pytest -s --timeout 3600 \\
        tests/realrun/guest/test_version2.py
"""

from __future__ import annotations

import compileall
import os
import shlex
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Iterable
from pathlib import Path

import pytest

from realrun import api, building
from realrun.guest import initramfs, tools
from tests.realrun.stage import PROJECT

pytestmark = [pytest.mark.qemu, pytest.mark.overlay]
FILES = ("test_limits.py", "test_limit_ends.py", "test_delegated.py")
TESTS = " ".join(f"tests/realrun/linux/{name}" for name in FILES) + " -k 'not by_force'"
ASKED = os.environ.get("VERSION2_TESTS", "")
PACKAGES = ("_pytest", "iniconfig", "packaging", "pluggy", "pygments", "pytest")
MODULES = ("py.py", "pytest_timeout.py")
FOR_ALL = ("hypothesis", "sortedcontainers")  # what other tests import, and tests/conftest.py
UNUSED = ("site-packages", "dist-packages", "config-*", "test", "idlelib", "tkinter", "lib2to3",
          "ensurepip", "pydoc_data", "turtledemo")  # fmt: skip
UNUSED_TESTS = ("peers", "sim", "dockerfiles", "security")
# A guest's program is in a chroot below the initial ram disk, where the kernel lets nobody make a
# user namespace: move the image's root to the top, as switch_root(8) does, in a mount table apart.
MOVE = 'cd /root && busybox mount --move . / && exec busybox chroot . sh -c "$@"'
SCRIPT = f"""
set -e
insmod /project/overlay.ko
mount -t cgroup2 cgroup2 /sys/fs/cgroup
dd if=/dev/zero of=/swap bs=1M count=32 2> /dev/null
mkswap /swap > /dev/null
swapon /swap
exec nsenter -t 1 -r /bin/busybox unshare -m /bin/busybox sh -c '{MOVE}' sh \\
    'cd /project && exec "$@" 2>&1' sh "$@"
"""


def libraries(program: Path, folders: Iterable[Path]) -> set[str]:
    """The shared libraries that Python and the modules in these folders need, by ldd(1)."""
    found = set()
    for file in (program, *(file for folder in folders for file in folder.glob("**/*.so"))):
        done = subprocess.run(["ldd", str(file)], capture_output=True, text=True)
        found |= {word for word in done.stdout.split() if word.startswith("/")}
    return found


def fill(context: Path) -> None:
    """Everything at the place where it is here, but the project and its packages in /project."""
    program, library = Path(sys.executable).resolve(), Path(sysconfig.get_path("stdlib"))
    unused = shutil.ignore_patterns(*UNUSED)
    shutil.copytree(library, context / str(library)[1:], ignore=unused)
    site, project = Path(pytest.__file__).parents[1], context / "project"
    for name in (*PACKAGES, *(FOR_ALL if ASKED else ())):
        shutil.copytree(site / name, project / "site" / name)
    for file in (str(program), *libraries(program, (library / "lib-dynload", project / "site"))):
        target = context / file[1:]
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(file, target)
    for name in (*MODULES, *(["_hypothesis_globals.py"] if ASKED else ())):
        shutil.copy2(site / name, project / "site")
    for name in ("realrun", "tests", "examples/hello"):
        unused = shutil.ignore_patterns(*UNUSED_TESTS)
        shutil.copytree(PROJECT / name, project / name, ignore=unused)
    if not ASKED:
        (project / "tests/conftest.py").unlink()  # skips what cannot be done: here is no such thing
    shutil.copy2(PROJECT / "pyproject.toml", project)


def overlay_driver() -> bytes:
    """The driver that a guest which makes no containers does without."""
    folder = tools.modules_of(tools.need("kernel").path)
    [file] = folder.glob("kernel/fs/overlayfs/overlay.ko*")
    return initramfs.unpacked(file)


@pytest.fixture
def image(root, tmp_path, starter) -> str:
    """The image; what Python has not compiled yet it would compile in the guest, anew each time."""
    fill(tmp_path)
    (tmp_path / "project/overlay.ko").write_bytes(overlay_driver())
    (tmp_path / "Dockerfile").write_text(
        "FROM busybox\nCOPY . /\nRUN mkdir -p /tmp /var/tmp && chmod 1777 /tmp /var/tmp\n"
        "ENV PYTHONPATH=/project:/project/site CI_PROMISES=root,userns,overlay,cgroup\n"
        "WORKDIR /project\n"
    )
    compileall.compile_dir(tmp_path, quiet=2, stripdir=str(tmp_path), prependdir="/")
    building.build(tmp_path, ["version2"], starter)
    return "version2"


def test_our_own_tests_of_groups_pass_where_there_is_version_2_alone(image):
    """None is skipped: this kernel has all that they need, swap included."""
    python = str(Path(sys.executable).resolve())
    words = [python, "-m", "pytest", "-q", "-rs", "-p", "pytest_timeout", "-p", "no:cacheprovider",
             "-o", "tmp_path_retention_policy=failed",  # the guest's disk is small
             "--durations=5", *shlex.split(ASKED or TESTS)]  # fmt: skip
    done = api.run(image, "sh", "-c", SCRIPT, "sh", *words, isolation="qemu", memory="512m")
    print(done.output, done.errors)
    assert done.exit_code == 0, done.output + done.errors
    assert ASKED or " skipped" not in done.output, done.output
