"""save and load as a user sees them: files whole or not at all, pipes, one line for an error."""

from __future__ import annotations

from pathlib import Path

import pytest

from realrun.image import Store
from tests.realrun.image.stores import add
from tests.realrun.stage import cli


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

    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (125, "", 1)
    assert path.read_text() == "old"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["root", "saved.tar"]


def test_an_error_is_one_line_with_the_archive_in_it(store: Store, tmp_path: Path):
    path = tmp_path / "no.tar"
    path.write_text("no archive at all")
    done = cli("load", "-i", str(path))
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (125, "", 1)
    assert done.stderr.startswith(f"realrun: {path}: ")
    assert "No such file" in cli("load", "-i", "/no/such").stderr
    assert "no image 'nosuch' here" in cli("save", "-o", str(path), "nosuch").stderr
    assert path.read_text() == "no archive at all"
