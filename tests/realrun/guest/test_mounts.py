"""What a guest sees of this machine: the same mounts as a container, and no more than these."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from realrun.errors import Missing
from realrun.guest import levels, mounts, tools
from realrun.image.merged import Merged
from realrun.runtime.spec import Mount, Spec
from tests.realrun.guest.test_boot import GUESTS
from tests.realrun.stage import cli

SHARED = """
cat /data/a /one
echo new > /data/b; mkdir /data/folder; ln /data/b /data/folder/hard
mv /data/old /data/young; rm /data/gone; chown 1234:77 /data/b; chmod 640 /data/b
echo no > /one; echo no > /read/no
cat /data/link; ls /data/everything | head -1
head -1 /app/hello.sh; echo kept > /app/kept
df /memory | tail -1 | awk '{print $2}'
touch /memory/x /data/x && ! touch /x && echo root
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Something to share: files, links that lead out of it."""
    data = tmp_path / "data"
    (data / "sub").mkdir(parents=True)
    for name in ("a", "old", "gone"):
        (data / name).write_text(f"{name}\n")
    (tmp_path / "secret").write_text("told\n")
    os.symlink(tmp_path / "secret", data / "link")
    os.symlink("/", data / "everything")
    return data


@pytest.mark.overlay
@pytest.mark.slow
@pytest.mark.parametrize("isolation", [pytest.param("container"), *GUESTS])
def test_mounts_mean_the_same(root, isolation, folder):
    """Directories, files, volumes, memory, read-only or not; what a link leads to is inside."""
    volume = f"kept-{isolation}"
    words = ["-v", f"{folder}:/data", "-v", f"{folder}/a:/one:ro", "-v", f"{folder}:/read:ro",
             "-v", f"{volume}:/app", "--tmpfs", "/memory:size=1m", "--read-only"]  # fmt: skip
    done = cli("run", "--rm", "--isolation", isolation, *words, "hello", "sh", "-c", SHARED)
    try:
        said = done.stdout.split("\n")
        assert said[:2] == ["a", "a"]
        assert said[2] == "app"  # what `everything` leads to is the guest's own root
        assert said[3:] == ["#!/bin/sh", "1024", "root", ""]
        refused = done.stderr.count("Read-only file system")
        assert (refused, done.stderr.count("No such file")) == (3, 1)
        found = os.stat(folder / "b")
        assert (found.st_uid, found.st_gid, oct(found.st_mode)) == (1234, 77, "0o100640")
        assert found.st_nlink == 2
        assert sorted(os.listdir(folder)) == [
            "a", "b", "everything", "folder", "link", "sub", "x", "young"
        ]  # fmt: skip
        again = cli("run", "--rm", "-v", f"{volume}:/v", "hello", "cat", "/v/kept")
        assert again.stdout == "kept\n"
    finally:
        cli("volume", "rm", volume)


@pytest.mark.overlay
@pytest.mark.slow
@pytest.mark.qemu
@pytest.mark.skipif("microvm" not in levels.machines(), reason="QEMU has no microvm here")
def test_a_microvm_shares_files_too_and_a_saved_machine_says_why_not(root, folder):
    words = ["run", "--rm", "--isolation", "qemu", "-v", f"{folder}:/data"]
    done = cli(*words, "--machine", "microvm", "hello", "sh", "-c", "cat /data/a; echo b > /data/b")
    assert (done.stdout, done.stderr) == ("a\n", "")
    assert (folder / "b").read_text() == "b\n"
    refused = cli(*words, "--level", "snapshot", "hello", "true")
    assert (refused.returncode, refused.stderr.count("\n")) == (125, 1)
    assert "QEMU cannot save what a virtiofsd serves" in refused.stderr


# Root in the guest looks at what its monitor was given, and tries to write where it must not.
BEYOND = {
    "uml": """mkdir /tmp/m; mount -t hostfs -o / none /tmp/m; echo no > /tmp/m/shares/0/a
cat "/tmp/m$SECRET" /tmp/m/shares/0/link; ls /tmp/m/shares; mknod /data/node c 1 3""",
    "qemu": """mkdir /tmp/m; mount -t virtiofs shares /tmp/m; echo no > /tmp/m/0/a
cat "/tmp/m/../..$SECRET" /tmp/m/0/link; ls /tmp/m; mknod /data/node c 1 3""",
}


@pytest.mark.overlay
@pytest.mark.slow
@pytest.mark.parametrize("isolation", GUESTS)
def test_root_in_a_guest_reaches_nothing_else(stage, isolation, folder):
    """What is read-only stays so for the monitor, too; no link, no `..`, no device leads out."""
    secret = folder.parent / "secret"
    shared = Mount("bind", str(folder), "/data", read_only=True)
    more = Mount("bind", str(folder / "sub"), "/sub")
    done = stage.run("sh", "-c", BEYOND[isolation], isolation=isolation, mounts=(shared, more),
                     env={"SECRET": str(secret)})  # fmt: skip
    assert done.out.split() == ["0", "1"]
    assert done.err.count("Read-only file system") == 2
    assert done.err.count("No such file") == 2
    assert (folder / "a").read_text() == "a\n"


def test_a_place_is_looked_up_in_the_image(tmp_path):
    """A hostile image's link to somewhere else is followed as the program will see it."""
    (tmp_path / "etc").mkdir()
    os.symlink("/etc", tmp_path / "data")
    os.symlink("../../../etc/x", tmp_path / "up")
    image = Merged([tmp_path])
    told = {path: mounts.in_image(image, path) for path in ("/data/a b", "/up", "/new/place")}
    assert told == {"/data/a b": "/etc/a b", "/up": "/etc/x", "/new/place": "/new/place"}


def test_words_of_a_mount_are_quoted(tmp_path):
    """A place with a semicolon is a place, not a command."""
    mount = Mount("tmpfs", "", "/a;reboot", options=("size=1m", "x'y"))
    spec = Spec(layers=(str(tmp_path),), argv=("x",), env={}, isolation="uml", mounts=(mount,))
    *_, line, _ = mounts.script(spec, "/r/instances/i").split("\n")
    place = "'/root/a;reboot'"
    assert line == f"""mkdir -p {place} && mount -t tmpfs -o 'size=1m,x'"'"'y' tmpfs {place}"""


def test_a_machine_without_virtiofsd_says_so(monkeypatch, tmp_path):
    qemu = tools.Tool(tmp_path / "qemu", tmp_path)
    monkeypatch.setattr(tools, "need", lambda name: qemu)
    monkeypatch.setattr(mounts, "VIRTIOFSD", ("usr/lib/nothing/virtiofsd",))
    with pytest.raises(Missing, match=r"needs `virtiofsd`.*--isolation uml"):
        mounts.server()
