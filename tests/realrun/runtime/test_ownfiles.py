"""The container's own files: there in every image, and nothing of them in what it wrote."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from realrun.runtime import ownfiles
from realrun.runtime.ownfiles import Entry, lacking
from realrun.runtime.spec import Mount
from tests.realrun.trees import write

PLACES = ["dev", "proc", "sys"]
FILES = ["etc/hosts", "etc/hostname", "etc/resolv.conf"]
FULL = {**{f"{name}/": None for name in PLACES}, **dict.fromkeys(FILES, "")}


@pytest.mark.parametrize(
    ("tree", "expected"),
    [
        ({}, [*PLACES, "etc", *FILES]),
        (FULL, []),
        (FULL | {"etc/hosts": "-> nowhere"}, []),
        ({"dev/": None, "etc/hosts": ""}, ["proc", "sys", "etc", *FILES[1:]]),
        ({"etc": "-> elsewhere", "dev": "a file"}, ["proc", "sys"]),
    ],
    ids=["nothing", "everything", "a link", "some", "etc is a link"],
)
def test_only_what_the_image_lacks_is_made(tmp_path: Path, tree, expected):
    write(tmp_path, tree)
    assert [entry.path for entry in lacking([str(tmp_path)])] == expected


def test_etc_looks_as_the_image_has_it(tmp_path: Path):
    image, folder = tmp_path / "image", tmp_path / "instance"
    write(image, {"etc/passwd": ""})
    folder.mkdir()
    (image / "etc").chmod(0o751)
    ownfiles.write(str(folder), "box", "none", list(map(list, lacking([str(image)]))))
    there, here = (image / "etc").stat(), (folder / "init/etc").stat()
    for name in ("st_mode", "st_uid", "st_gid", "st_mtime_ns"):
        assert getattr(here, name) == getattr(there, name)
    assert sorted(path.name for path in (folder / "init/etc").iterdir()) == sorted(ownfiles.FILES)
    assert (folder / "own/hostname").read_bytes() == b"box\n"


def test_what_is_made_is_readable_whatever_the_umask(tmp_path: Path):
    old = os.umask(0o077)
    try:
        ownfiles.write(str(tmp_path), "box", "none", [list(Entry("etc", True))])
    finally:
        os.umask(old)
    assert (tmp_path / "init/etc").stat().st_mode & 0o777 == 0o755
    assert (tmp_path / "own/hosts").stat().st_mode & 0o777 == 0o644


@pytest.mark.overlay
def test_the_files_of_a_container(stage):
    """They can be written, not removed, and a read-only root closes them as well."""
    script = "cat /etc/hostname; grep -c localhost /etc/hosts; test -f /etc/resolv.conf && echo 3"
    assert stage.sh(script, hostname="box").split() == ["box", "2", "3"]
    assert stage.sh("echo 1.2.3.4 other >> /etc/hosts; tail -n 1 /etc/hosts") == "1.2.3.4 other\n"
    assert stage.run("rm", "/etc/hosts").code != 0
    assert stage.run("sh", "-c", "echo x > /etc/hosts", read_only=True).code != 0


@pytest.mark.overlay
def test_the_network_of_this_machine_comes_with_its_names(stage):
    assert stage.sh("cat /etc/hosts", network="host") == Path("/etc/hosts").read_text()
    assert stage.sh("cat /etc/resolv.conf", network="host") == Path("/etc/resolv.conf").read_text()


@pytest.mark.overlay
def test_what_the_caller_mounts_there_wins(stage, tmp_path: Path):
    (tmp_path / "mine").write_text("mine")
    mount = Mount("bind", str(tmp_path / "mine"), "/etc/hosts")
    assert stage.sh("cat /etc/hosts", mounts=(mount,)) == "mine"
