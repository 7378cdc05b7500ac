"""The engine's own executable and modules, from inside.

CVE-2019-5736: a program that is a link to /proc/self/exe is the engine's executable, which on the
host is a file that root may write to. CVE-2019-14271: what the engine loads when it is in the
image already is the image's. The Python forms: its executable is the host's interpreter, and its
modules are loaded late, unless somebody sees to it.
"""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from realrun.errors import KernelRefused
from realrun.linux import ownbinary, trees
from tests.realrun.stage import cli
from tests.security import attacker

pytestmark = [pytest.mark.root, pytest.mark.overlay]
INTERPRETER = attacker.python()
LOOK = """
import errno, os
there = os.stat("/proc/self/exe")
print("inode", there.st_dev, there.st_ino)
try:
    os.chmod("/proc/self/exe", there.st_mode & 0o7777)
    print("changed")
except OSError as error:
    print(errno.errorcode[error.errno])
"""  # as it is executed, opening it to write would be refused anyway: ETXTBSY
WORDS = ["/engine", "-I", "-S", "-c", LOOK]


def run_in_front(_: Path) -> str:
    return cli("run", "--rm", "attacker", *WORDS).stdout


def in_the_background(_: Path) -> str:
    name = cli("run", "-d", "attacker", *WORDS).stdout.strip()
    cli("wait", name)
    printed = cli("logs", name).stdout
    cli("rm", name)
    return printed


def started_and_attached(_: Path) -> str:
    name = cli("create", "attacker", *WORDS).stdout.strip()
    printed = cli("start", "-a", name).stdout
    cli("rm", name)
    return printed


def executed(_: Path) -> str:
    name = cli("run", "-d", "attacker", "sleep", "60").stdout.strip()
    printed = cli("exec", name, *WORDS).stdout
    cli("rm", "-f", name)
    return printed


def from_python(_: Path) -> str:
    code = f"import realrun; print(realrun.run('attacker', *{WORDS!r}).output)"
    return subprocess.run([sys.executable, "-c", code], cwd=attacker.PROJECT, text=True,
                          capture_output=True, check=True).stdout  # fmt: skip


def in_a_build(folder: Path) -> str:
    (folder / "Dockerfile").write_text(f"FROM attacker\nRUN {attacker.json_words(WORDS)}\n")
    done = cli("build", "--no-cache", str(folder))
    return "\n".join(line.split(" ", 2)[-1] for line in done.stderr.splitlines())


WAYS: list[Callable[[Path], str]] = [
    run_in_front, in_the_background, started_and_attached, executed, from_python, in_a_build
]  # fmt: skip


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
def test_the_interpreter_cannot_be_written_to(root, tmp_path, way):
    """The program really is the host's interpreter, but on a mount of its own."""
    printed = way(tmp_path)
    here = os.stat(INTERPRETER)
    assert f"inode {here.st_dev} {here.st_ino}" in printed
    assert "EROFS" in printed


def test_without_an_engine_it_can():
    """The control. (Its mode becomes what it is.)"""
    done = subprocess.run([INTERPRETER, *WORDS[1:]], capture_output=True, text=True, check=True)
    assert done.stdout.split()[-1] == "changed"


def test_who_may_not_mount_lives_on_a_sealed_copy(tmp_path, monkeypatch):
    """If he could write to the file: an interpreter in one's own home, and no privilege."""
    mine = tmp_path / "interpreter"
    shutil.copy(INTERPRETER, mine)

    def refuse(*_):
        raise KernelRefused("open_tree", "", errno.EPERM)

    monkeypatch.setattr(trees, "cloned_tree", refuse)
    with closing(open(ownbinary.untouchable(str(mine)), "rb")) as copy:
        copy.seek(0)
        assert copy.read() == mine.read_bytes()
        again = os.open(f"/proc/self/fd/{copy.fileno()}", os.O_RDWR)
        with pytest.raises(PermissionError):
            os.write(again, b"x")
        os.close(again)
    monkeypatch.setattr(os, "access", lambda *_: False)
    assert ownbinary.untouchable(str(mine)) is None


@pytest.fixture(scope="module")
def hostile(tmp_path_factory, busybox: Path) -> Path:
    """The root of an image that has every module of Python's, and the engine's: each tells."""
    root = tmp_path_factory.mktemp("hostile") / "root"
    (root / "bin").mkdir(parents=True)
    (root / "bin/sh").write_bytes(busybox.read_bytes())
    (root / "bin/sh").chmod(0o755)
    for name in ("true", "cat", "sleep"):
        (root / "bin" / name).symlink_to("sh")
    library = Path(os.__file__).parent
    for folder in (library, attacker.PROJECT / "realrun"):
        for path in folder.rglob("*.py"):
            if "site-packages" not in path.parts and "test" not in path.parts:
                place = root / path.relative_to("/")
                place.parent.mkdir(parents=True, exist_ok=True)
                place.write_text("open('/loaded', 'a').write(__name__ + ' ')\n")
    return root


@pytest.fixture(scope="module")
def hostile_image(hostile, sides, tmp_path_factory) -> str:
    path = tmp_path_factory.mktemp("archive") / "hostile.tar"
    with tarfile.open(path, "w") as tar:
        tar.add(hostile, ".")
    cli("import", str(path), "hostile", env=sides["container"].env).check_returncode()
    return "hostile"


LIVES = {
    "a program": ["run", "hostile", "true"],
    "no program": ["run", "hostile", "/nowhere"],
    "a program that is none": ["run", "hostile", "/etc"],
    "no such directory": ["run", "-w", "/bin/sh/x", "hostile", "true"],
    "another user": ["run", "-u", "12:13", "hostile", "true"],
    "a first process of ours": ["run", "--init", "hostile", "true"],
    "a place that cannot be": ["run", "--tmpfs", "/bin/sh", "hostile", "true"],
}  # fmt: skip


@pytest.mark.parametrize("words", LIVES.values(), ids=LIVES)
def test_no_module_of_the_image_is_loaded(hostile_image, root, words):
    """On the way in, well or badly."""
    cli(*words)
    assert loaded_ones(root) == []
    for name in cli("ps", "-aq").stdout.split():
        cli("rm", name)


def test_no_module_of_the_image_is_loaded_by_exec_and_cp(hostile_image, root, tmp_path):
    name = cli("run", "-d", "hostile", "sleep", "60").stdout.strip()
    (tmp_path / "file").write_text("x")
    for words in (
        ["exec", name, "true"], ["exec", name, "/nowhere"], ["exec", "-w", "/no", name, "true"],
        ["exec", "-u", "77", name, "true"], ["cp", str(tmp_path / "file"), f"{name}:/file"],
        ["cp", f"{name}:/bin/true", str(tmp_path / "out")], ["cp", f"{name}:/no", str(tmp_path)],
        ["diff", name],
    ):  # fmt: skip
        cli(*words)
    assert loaded_ones(root) == []
    cli("rm", "-f", name)


def test_a_python_that_changes_its_root_carelessly_loads_them(hostile):
    """The control: what these modules would do."""
    code = f"import os; os.chroot({str(hostile)!r}); os.chdir('/'); import getpass, encodings.idna"
    subprocess.run([INTERPRETER, "-I", "-S", "-c", code], capture_output=True)
    assert (hostile / "loaded").read_text() == "getpass encodings.idna "
    (hostile / "loaded").unlink()


def loaded_ones(root: Path) -> list[Path]:
    """The tell-tale files in all writable layers."""
    return list(root.glob("containers/*/upper/loaded"))
