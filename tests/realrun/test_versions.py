"""Two versions of the engine: what another one wrote is refused in one line, and stays as it is."""

from __future__ import annotations

import json
import shutil

import pytest

from realrun import paths
from realrun.containers.creating import create
from realrun.containers.registry import Registry
from realrun.engine import Wishes
from realrun.errors import RealRunError
from realrun.files.workspace import locked
from realrun.runtime import volumes
from tests.realrun.stage import cli
from tests.realrun.trees import snapshot

VERBS = [
    ["prune"], ["ps", "-a"], ["images"], ["inspect", "one"], ["start", "one"], ["rm", "-f", "one"],
    ["run", "--rm", "hello", "true"], ["create", "hello"], ["commit", "one", "x"], ["logs", "one"],
    ["rmi", "-f", "hello"], ["tag", "hello", "x"], ["save", "hello"], ["volume", "ls"],
    ["volume", "rm", "data"], ["volume", "prune", "-f"], ["cp", "one:/app", "-"], ["export", "one"],
]  # fmt: skip


@pytest.fixture
def other(hello_root, tmp_path, monkeypatch):
    """A ROOT with something of every kind in it."""
    root = tmp_path / "root"
    shutil.copytree(hello_root, root, symlinks=True)
    monkeypatch.setenv("REALRUN_ROOT", str(root))
    create(Registry(root), "hello", Wishes(words=("true",)), "one")
    volumes.create(root, "data")
    (root / "tmp/left").mkdir(parents=True)
    (root / "instances" / ("0" * 64)).mkdir(parents=True)
    return root


@pytest.mark.parametrize("words", VERBS, ids=" ".join)
def test_another_version_of_it_all_is_left_alone(other, words):
    """Also by `prune`, which would take what nobody holds."""
    (other / "version").write_text(f"{paths.VERSION + 1}\n")
    before = snapshot(other)
    done = cli(*words)
    assert done.returncode in (1, 125)
    assert done.stdout in ("", "[]\n")  # as Docker's inspect of nothing
    assert done.stderr.count("\n") == 1
    assert f"is of version '{paths.VERSION + 1}' of realrun's files" in done.stderr
    assert snapshot(other) == before


def test_a_new_root_says_what_it_is(tmp_path):
    with locked(tmp_path / "root"):
        assert (tmp_path / "root/version").read_text() == f"{paths.VERSION}\n"
    (tmp_path / "root/version").write_text("later")
    with pytest.raises(RealRunError, match="version 'later'"), locked(tmp_path / "root"):
        pass


@pytest.mark.parametrize(
    ("file", "verbs"),
    [
        ("containers/*/config.json", [["ps", "-a"], ["inspect", "one"], ["rm", "one"]]),
        ("containers/*/state.json", [["ps", "-a"], ["start", "one"], ["rm", "one"]]),
        ("volumes/data/volume.json", [["volume", "ls"], ["volume", "rm", "data"], ["prune"]]),
        ("image/index.json", [["images"], ["prune"], ["rmi", "hello"]]),
    ],
)
def test_a_record_with_words_of_another_version_is_left_alone(other, file, verbs):
    registry = Registry(other)
    one = registry.find("one")
    registry.write_state(one, registry.state(one))
    (path,) = other.glob(file)
    told = json.loads(path.read_text())
    told |= {"version": 99, "schemaVersion": 99, "new": 1}
    path.write_text(json.dumps(told))
    for words in verbs:
        done = cli(*words)
        assert done.returncode == 1, (words, done)
        assert done.stderr.count("\n") == 1, (words, done)
        assert path.exists()
        assert json.loads(path.read_text()) == told
