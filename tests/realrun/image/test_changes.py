"""changes: a stack of layers and a writable one, listed as Docker does."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from realrun.image.changes import changes
from realrun.image.rooted import Rooted, make_opaque
from tests.realrun.stage import PROJECT

FILES = ("bin/sh", "etc/group", "etc/passwd", "home/", "root/", "usr/bin/", "usr/bin/x", "usr/lib/")


def layer(folder: Path, *names: str) -> Path:
    """Directories end in a slash, `-name` is a whiteout, `!name` an opaque directory."""
    folder.mkdir()
    for name in names:
        path = folder / name.strip("-!/")
        path.parent.mkdir(parents=True, exist_ok=True)
        if name.startswith("-"):
            os.mknod(path, 0o020600, os.makedev(0, 0))
        elif name.startswith("!") or name.endswith("/"):
            path.mkdir(exist_ok=True)
        else:
            path.write_text(name)
        if name.startswith("!"):
            with Rooted(path) as root:
                make_opaque(root.fd)
    for path in [folder, *folder.rglob("*")]:
        os.utime(path, ns=(0, 0), follow_symlinks=False)
    return folder


def told(layers: list[Path], upper: Path) -> list[str]:
    return [" ".join(change) for change in changes(layers, upper)]


needs_marks = pytest.mark.skipif(os.geteuid() != 0, reason="marks that hide are made by root")


@needs_marks
@pytest.mark.parametrize(
    ("upper", "expected"),
    [
        ((), ""),
        (("new/a/f",), "A /new, A /new/a, A /new/a/f"),
        (("-etc/group",), "C /etc, D /etc/group"),
        (("-etc",), "D /etc"),
        (("usr",), "C /usr"),
        (("home/x", "-nothing"), "C /home, A /home/x"),
        (("!root/x", "!root"), "C /root, A /root/x"),
        (("!etc/", "etc/passwd", "etc/new"), "C /etc, D /etc/group, A /etc/new"),
        (("bin/sh/in",), "C /bin, C /bin/sh, A /bin/sh/in"),
        (("usr/bin/", "home/"), ""),
        ((".wh.x",), "A /.wh.x"),
    ],
)
def test_the_list_is_dockers(tmp_path: Path, upper: tuple[str, ...], expected: str):
    """Each line as Docker 20.10 printed it, but for the order within a directory."""
    base = layer(tmp_path / "0", *FILES)
    assert ", ".join(told([base], layer(tmp_path / "1", *upper))) == expected


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda path: path.write_text("longer"), ["C /etc", "C /etc/passwd"]),
        (lambda path: os.utime(path, ns=(0, 10**9)), ["C /etc", "C /etc/passwd"]),
        (lambda path: os.utime(path, ns=(0, 5)), []),
        (lambda path: path.chmod(0o600), ["C /etc", "C /etc/passwd"]),
        (lambda path: path.parent.chmod(0o700), ["C /etc"]),
        (lambda path: os.utime(path.parent), []),
        (lambda path: None, []),
    ],
)
def test_what_counts_as_a_change(
    tmp_path: Path, change: Callable[[Path], object], expected: list[str]
):
    """A file that was only copied up has not changed; the time of a directory does not count."""
    base = layer(tmp_path / "0", "etc/passwd")
    upper = layer(tmp_path / "1", "etc/passwd")
    change(upper / "etc/passwd")
    assert told([base], upper) == expected


@pytest.mark.skipif(os.geteuid() != 0, reason="becomes an ordinary user")
def test_an_ordinary_user_can_list_what_he_locked_himself_out_of(tmp_path: Path):
    """And everything is locked again afterwards."""
    top = tmp_path / "home"
    layer(top, "d/e/f", "g")
    code = f"""
import os, sys
from pathlib import Path
from realrun.image.changes import changes
top = Path({str(top)!r})
for name, mode in (("d/e/f", 0), ("d/e", 0), ("d", 0o100), ("g", 0o200)):
    (top / name).chmod(mode)
print(*(path for _, path in changes([top / "../empty"], top)))
assert [oct(os.stat(top / name).st_mode & 0o777) for name in ("d", "g")] == ["0o100", "0o200"]
"""
    (tmp_path / "empty").mkdir()
    for path in [tmp_path, *tmp_path.rglob("*")]:
        os.chown(path, 4321, 4321)
    parents = [path for path in (tmp_path, *tmp_path.parents) if "pytest-of" in str(path)]
    before = [path.stat().st_mode for path in parents]
    try:
        for path in parents:
            path.chmod(0o755)
        said = subprocess.check_output(
            [sys.executable, "-c", code], cwd=PROJECT, user=4321, group=4321, extra_groups=[]
        )
    finally:
        for path, mode in zip(parents, before, strict=True):
            path.chmod(mode)
    assert said.decode().split() == ["/d", "/d/e", "/d/e/f", "/g"]
