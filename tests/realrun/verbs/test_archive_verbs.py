"""save and load as a user sees them: files whole or not at all, pipes, one line for an error."""

from __future__ import annotations

import gzip
from hashlib import sha256
from pathlib import Path

import pytest

from realrun.image import Store
from tests.realrun.image.stores import add
from tests.realrun.stage import cli
from tests.realrun.trees import archive, member, snapshot


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    """A store with one image, which the command line uses."""
    monkeypatch.setenv("REALRUN_ROOT", str(tmp_path / "root"))
    made = Store()
    add(made, "one", {"a": "1"})
    return made


@pytest.mark.parametrize("form", ["docker", "oci"])
def test_a_file_and_a_pipe_hold_the_same(store: Store, tmp_path: Path, form: str):
    path = tmp_path / "saved.tar"
    image, other = store.resolve("one"), {"REALRUN_ROOT": str(tmp_path / "other")}
    assert cli("save", "--format", form, "-o", str(path), "one").returncode == 0
    piped = cli("save", "--format", form, "one", text=False).stdout
    assert path.read_bytes() == piped
    assert path.stat().st_mode & 0o777 == 0o600

    done = cli("load", "-i", str(path), env=other)
    assert (done.stdout, done.stderr) == ("Loaded image: one:latest\n", "")
    done = cli("load", env=other, input=piped, text=False)
    assert (done.stdout, done.stderr) == (b"Loaded image: one:latest\n", b"")
    assert Store(tmp_path / "other").resolve("one").image_id == image.image_id


def test_a_save_that_fails_leaves_the_old_file(store: Store, tmp_path: Path):
    path = tmp_path / "saved.tar"
    path.write_text("old")
    store.layout.blob(store.resolve("one").stored[0].digest).write_bytes(b"damaged")
    done = cli("save", "-o", str(path), "one")

    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (1, "", 1)
    assert path.read_text() == "old"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["root", "saved.tar"]


def test_an_error_is_one_line_with_the_archive_in_it(store: Store, tmp_path: Path):
    path = tmp_path / "no.tar"
    path.write_text("no archive at all")
    done = cli("load", "-i", str(path))
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (1, "", 1)
    assert done.stderr.startswith(f"realrun: {path}: ")
    assert "No such file" in cli("load", "-i", "/no/such").stderr
    assert "no image 'nosuch' here" in cli("save", "-o", str(path), "nosuch").stderr
    assert path.read_text() == "no archive at all"


ROOT_FILES = archive([member("bin/sh", data=b"#!"), member("etc/passwd", data=b"root")])


@pytest.mark.parametrize("squeeze", [bytes, gzip.compress])
def test_a_root_file_system_becomes_an_image_of_one_layer(store: Store, tmp_path: Path, squeeze):
    """The layer is the archive itself, whatever its compression, from a file or from a pipe."""
    path = tmp_path / "root.tar"
    path.write_bytes(squeeze(ROOT_FILES))
    done = cli("import", "-m", "by hand", str(path), "new:1")
    image = store.resolve("new:1")

    assert (done.stdout, done.stderr) == (f"{image.image_id}\n", "")
    assert image.diff_ids == ("sha256:" + sha256(ROOT_FILES).hexdigest(),)
    assert (image.config, image.history[0]["comment"]) == ({}, "by hand")
    assert (image.layers[0] / "bin/sh").read_text() == "#!"
    done = cli("import", "-", input=path.read_bytes(), text=False)
    unnamed = store.resolve(done.stdout.decode().strip())
    assert (unnamed.reference, unnamed.diff_ids) == ("<none>", image.diff_ids)


def test_an_import_takes_settings_as_instructions(store: Store):
    changes = ("-c", 'CMD ["sh", "-l"]', "-c", "ENV A=1 B=two", "--change", "WORKDIR /srv/x")
    done = cli("import", *changes, "-", "set:1", input=ROOT_FILES, text=False)
    assert (done.returncode, done.stderr) == (0, b"")
    config = {"Cmd": ["sh", "-l"], "Env": ["A=1", "B=two"], "WorkingDir": "/srv/x"}
    assert store.resolve("set:1").config == config
    done = cli("import", "-c", "RUN x", "-", "no:1", input=ROOT_FILES, text=False)
    assert (done.returncode, done.stdout) == (1, b"")
    assert b"RUN is not a valid change command" in done.stderr


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "the archive is empty"),
        (b"x" * 600, "no tar archive"),
        (ROOT_FILES[:700], "cut off"),
        (gzip.compress(ROOT_FILES, mtime=0)[:60], "does not decompress"),
        (archive([member("../x", data=b"1")]), "climbs out"),
    ],
)
def test_an_archive_that_is_none_is_no_image(store: Store, data: bytes, said: str):
    before = snapshot(store.root, times=False)
    done = cli("import", "-", "new", input=data, text=False)
    assert (done.returncode, done.stdout, done.stderr.count(b"\n")) == (1, b"", 1)
    assert done.stderr.startswith(b"realrun: standard input: ")
    assert said in done.stderr.decode()
    assert snapshot(store.root, times=False) == before
