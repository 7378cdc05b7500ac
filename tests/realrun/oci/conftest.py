"""A bundle with busybox in it, and a root for the runtime that has to be empty after each test."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from realrun.oci import template
from tests.realrun.stage import COMMAND, HANG_S

Config = dict[str, Any]
GROUP = f"/realrun-oci-test-{os.getpid()}"  # the parent of the container's


class Runtime:
    """The command line, one root, and a bundle to change before `create`."""

    def __init__(self, root: Path, bundle: Path) -> None:
        self.root, self.bundle = root, bundle
        self.config: Config = template.config(["sh", "-c", "exit 0"])
        self.files = 0
        self.within: tuple[str, ...] = ()  # a command that calls the rest of its words

    def configure(self, *argv: str, **settings: Any) -> None:
        """Settings by dotted names with __ for the dots, e.g. linux__sysctl=..."""
        if argv:
            settings["process__args"] = list(argv)
        for path, value in settings.items():
            *folders, name = path.split("__")
            place = self.config
            for folder in folders:
                place = place.setdefault(folder, {})
            place[name] = value

    def write(self) -> None:
        (self.bundle / "config.json").write_text(json.dumps(self.config))

    def call(self, *words: str, fds: tuple[int, ...] = ()) -> subprocess.CompletedProcess[str]:
        """The runtime; what it leaves running has files for its output, so nobody waits for it."""
        self.files += 1
        out, err = (self.bundle / f"{name}-{self.files}" for name in ("out", "err"))
        with open(out, "wb") as stdout, open(err, "wb") as stderr:
            command = [*self.within, *COMMAND, "oci", "--root", str(self.root), *words]
            done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=stdout, stderr=stderr,
                                  timeout=HANG_S, pass_fds=fds)  # fmt: skip
        return subprocess.CompletedProcess(
            command, done.returncode, out.read_text("utf-8", "replace"), err.read_text()
        )

    def ok(self, *words: str) -> str:
        done = self.call(*words)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def refused(self, *words: str) -> str:
        """It says no in one line."""
        done = self.call(*words)
        assert done.returncode == 1, (done.returncode, done.stdout, done.stderr)
        assert done.stderr.count("\n") == 1, done.stderr
        return done.stderr

    def create(self, name: str = "c", *more: str) -> None:
        self.write()
        self.ok("create", "--bundle", str(self.bundle), *more, name)

    def state(self, name: str = "c") -> dict[str, Any]:
        return dict(json.loads(self.ok("state", name)))

    def run(self, *argv: str, **settings: Any) -> subprocess.CompletedProcess[str]:
        """The whole life of one program."""
        self.configure(*argv, **settings)
        self.write()
        return self.call("run", "--bundle", str(self.bundle), "c")

    def left(self) -> list[str]:
        """What there is of any container."""
        groups = (place for place, _, _ in os.walk("/sys/fs/cgroup") if place.endswith(GROUP))
        found = [str(path) for path in (*self.root.glob("*"), *self.root.glob(".*"), *groups)]
        mounts = Path("/proc/self/mountinfo").read_text().splitlines()
        return found + [line for line in mounts if str(self.bundle) in line]


@pytest.fixture(scope="session")
def image(tmp_path_factory: pytest.TempPathFactory, busybox: Path) -> Path:
    """A root file system: busybox by all its names."""
    root = tmp_path_factory.mktemp("image") / "rootfs"
    for name in ("bin", "etc", "proc", "sys", "dev", "tmp"):
        (root / name).mkdir(parents=True)
    shutil.copy(busybox, root / "bin/busybox")
    listed = subprocess.run([busybox, "--list"], capture_output=True, text=True, check=True)
    for name in listed.stdout.split():
        if name != "busybox":
            (root / "bin" / name).symlink_to("busybox")
    (root / "etc/passwd").write_text("root:x:0:0::/root:/bin/sh\nmaya:x:1000:1000::/home/maya:\n")
    return root


@pytest.fixture
def runtime(tmp_path: Path, image: Path) -> Iterator[Runtime]:
    """After the test nothing may be left of any container."""
    bundle = tmp_path / "bundle"
    bundle.mkdir()
    shutil.copytree(image, bundle / "rootfs", symlinks=True)
    one = Runtime(tmp_path / "run", bundle)
    one.configure(linux__cgroupsPath=f"{GROUP}/c")
    yield one
    for name in [path.name for path in one.root.glob("*")]:
        one.call("delete", "--force", name)
    assert one.left() == []
