"""volume: what a user types and sees; volumes of containers are safe from it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from realrun.runtime import volumes
from tests.realrun.stage import cli

ID = 64


@pytest.fixture
def own(tmp_path, monkeypatch) -> Path:
    """A ROOT without anything, used by the command line, too."""
    monkeypatch.setenv("REALRUN_ROOT", str(tmp_path / "root"))
    return tmp_path / "root"


def said(*words: str, code: int = 0) -> list[str]:
    """The lines that `realrun volume WORDS` prints."""
    done = cli("volume", *words)
    assert done.returncode == code, done.stderr
    return done.stdout.splitlines()


def test_volumes_are_made_listed_and_removed(own):
    assert said("create", "data") == said("create", "data") == ["data"]
    (unnamed,) = said("create")
    assert len(unnamed) == ID
    assert sorted(said("ls", "-q")) == sorted(["data", unnamed])
    assert said("ls")[0] == "DRIVER    VOLUME NAME"
    assert "local     data" in said("ls")
    assert said("rm", "data", unnamed) == ["data", unnamed]
    assert said("ls", "-q") == []


def test_a_volume_by_dockers_field_names(own):
    said("create", "--label", "a=b=c", "--label", "d", "data")
    (found,) = json.loads(cli("volume", "inspect", "data").stdout)
    assert found == {
        "CreatedAt": volumes.find(own, "data").created,
        "Driver": "local",
        "Labels": {"a": "b=c", "d": ""},
        "Mountpoint": f"{own}/volumes/data/_data",
        "Name": "data",
        "Options": None,
        "Scope": "local",
    }


def test_templates_as_docker_has_them(own):
    said("create", "--label", "a=b", "data")
    assert said("ls", "--format", "{{.Name}} {{.Driver}} {{.Labels}}") == ["data local a=b"]
    assert said("ls", "--format", "table {{.Name}}") == ["VOLUME NAME", "data"]
    assert said("inspect", "-f", "{{.Name}} {{.Labels.a}} {{.Scope}}", "data") == ["data b local"]


def test_what_is_missing_is_told_and_the_others_are_done(own):
    said("create", "data")
    done = cli("volume", "inspect", "nosuch", "data")
    assert (done.returncode, [one["Name"] for one in json.loads(done.stdout)]) == (1, ["data"])
    assert done.stderr == "realrun: no such volume: nosuch; `realrun volume ls` lists them\n"
    done = cli("volume", "rm", "nosuch", "data")
    assert (done.returncode, done.stdout) == (1, "data\n")
    assert said("rm", "-f", "data") == ["data"]


@pytest.mark.parametrize("name", ["a/b", "../x", "a", "-", "é" * 5])
def test_a_name_that_is_none_is_refused(own, name):
    done = cli("volume", "create", name)
    assert done.returncode == 1
    assert "no volume's name" in done.stderr
    assert not own.exists()


@pytest.mark.overlay
def test_a_volume_of_a_container_stays_until_the_container_goes(root):
    """Whether it runs or not; then the unnamed ones go with it if asked, the others stay."""
    made = cli("create", "-v", "data:/d", "-v", "/anonymous", "hello").stdout.strip()
    try:
        assert sorted(len(name) for name in said("ls", "-q")) == [4, ID]
        done = cli("volume", "rm", "data")
        assert (done.returncode, done.stdout) == (1, "")
        assert f"volume data is in use by {made[:12]}" in done.stderr
        assert said("prune", "--all") == ["Total reclaimed space: 0B"]
        assert cli("prune").returncode == 0
        assert len(said("ls", "-q")) == 2
    finally:
        cli("rm", "-v", made)
    assert said("ls", "-q") == ["data"]
    assert "data" not in cli("prune").stdout
    assert said("rm", "data") == ["data"]


@pytest.mark.overlay
def test_pruning_takes_the_unnamed_ones(root):
    words = ["--name", "pruned", "-v", "/v", "-v", "data:/d", "hello", "sh", "-c", "echo x > /v/x"]
    assert cli("run", *words).returncode == 0
    assert said("prune") == ["Total reclaimed space: 0B"]
    cli("rm", "pruned")
    (unnamed,) = [name for name in said("ls", "-q") if len(name) == ID]
    assert said("prune", "-f") == ["Deleted Volumes:", unnamed, "", "Total reclaimed space: 2B"]
    assert said("prune", "-a")[1] == "data"


@pytest.mark.overlay
def test_with_rm_the_unnamed_volumes_go_too(root):
    script = "touch /v/x /d/x; ls /v"
    done = cli("run", "--rm", "-v", "/v", "-v", "data:/d", "hello", "sh", "-c", script)
    assert (done.returncode, done.stdout) == (0, "x\n")
    assert said("ls", "-q") == ["data"]
    assert said("rm", "data") == ["data"]


@pytest.mark.overlay
def test_a_volume_that_another_container_has_too_stays(root):
    """Unnamed, yet known to another one by its name: it goes with neither."""
    first = cli("create", "-v", "/v", "hello").stdout.strip()
    (name,) = said("ls", "-q")
    second = cli("create", "-v", f"{name}:/w", "hello").stdout.strip()
    cli("rm", "-v", first)
    assert said("ls", "-q") == [name]
    cli("rm", "-v", second)
    assert said("prune")[1] == name
