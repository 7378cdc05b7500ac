"""A container that another version of this program has written."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from realrun.containers.record import Container, State
from realrun.containers.registry import Registry
from realrun.errors import RealRunError
from realrun.runtime.spec import Spec
from tests.realrun.stage import cli


def newer(doc, told):
    return doc | told


def setting(doc, told):
    return doc | {"spec": doc["spec"] | told}


def without(doc, name):
    return {key: value for key, value in doc.items() if key != name}


FOREIGN = {
    "format 2, this one knows 1": lambda doc: newer(doc, {"version": 2}),
    "no field 'version'": lambda doc: without(doc, "version"),
    "no field 'spec'": lambda doc: without(doc, "spec"),
    "no field 'volumes'": lambda doc: without(doc, "volumes"),
    "no such setting: colour": lambda doc: setting(doc, {"colour": "red"}),
    "no field 'mounts'": lambda doc: newer(doc, {"spec": without(doc["spec"], "mounts")}),
    "takes from 4 to 6": lambda doc: setting(doc, {"mounts": [["bind"] * 7]}),
    "--isolation must be one of": lambda doc: setting(doc, {"isolation": "jail"}),
    "indices must be integers": lambda doc: [doc],
}


@pytest.fixture
def made(tmp_path: Path) -> tuple[Registry, Path]:
    """A registry with one container that never ran, and its folder."""
    registry = Registry(tmp_path)
    spec = Spec(layers=(str(tmp_path),), argv=("true",), env={})
    told = Container(name="old", created="2026-01-01T00:00:00Z", image="hello", image_id="",
                     image_digest="", spec=spec)  # fmt: skip
    return registry, registry.path(registry.add(told).id)


@pytest.mark.parametrize("why", FOREIGN)
def test_a_record_of_another_version_is_one_line(made, why: str):
    registry, folder = made
    path = folder / "config.json"
    path.write_text(json.dumps(FOREIGN[why](json.loads(path.read_text()))))
    with pytest.raises(RealRunError) as caught:
        registry.find("old")
    assert (str(path) in str(caught.value), why in str(caught.value)) == (True, True)
    assert "\n" not in str(caught.value)


def test_the_state_too(made):
    registry, folder = made
    told = State()._asdict() | {"mood": "good"}
    (folder / "state.json").write_text(json.dumps(told))
    with pytest.raises(RealRunError, match=r"state\.json is of another version .*'mood'"):
        registry.state(registry.find("old"))


TRAPS = ["{", "[]", "null", "[" * 100_000, '{"pid": NaN}',
         '{"pid": ' + "9" * 5000 + "}",
         '{"pid": "1"}', '{"pid": null}', '{"status": 5}', '{"oom_killed": 0}', "\udcff",
]  # fmt: skip


@pytest.mark.parametrize("name", ["config.json", "state.json"])
@pytest.mark.parametrize("trap", TRAPS, ids=range(len(TRAPS)))
def test_a_damaged_record_is_one_line(made, name: str, trap: str):
    registry, folder = made
    (folder / name).write_text(trap, errors="surrogateescape")
    with pytest.raises(RealRunError, match="is of another version of realrun") as caught:
        registry.state(registry.find("old"))
    assert str(caught.value).isprintable()


def test_the_command_line_says_so_and_works_again_without_the_folder(made):
    registry, folder = made
    (folder / "config.json").write_text("{")
    env = {"REALRUN_ROOT": str(registry.root)}
    for words in (["ps", "-a"], ["rm", "old"]):
        done = cli(*words, env=env)
        assert (done.returncode, done.stderr.count("\n")) == (1, 1)
        assert str(folder) in done.stderr
    folder.rename(registry.root / "away")
    assert cli("ps", "-aq", env=env).stdout == ""


def test_an_add_that_fails_leaves_no_name(made):
    """As on a full disk; here the target of the rename is a folder that is not empty."""
    registry, _ = made
    (registry.path("e" * 64) / "in the way").mkdir(parents=True)
    spec = Spec(layers=(str(registry.root),), argv=("true",), env={}, id="e" * 64)
    told = Container(name="new", created="", image="", image_id="", image_digest="", spec=spec)
    with pytest.raises(OSError, match="not empty"):
        registry.add(told)
    assert [one.name for one in (registry.folder / "names").iterdir()] == ["old"]
