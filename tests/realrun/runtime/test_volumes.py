"""Volumes on the disk: made whole, found by name, kept from those who would take them away."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from realrun.errors import NoSuchVolume, RealRunError, UsageError
from realrun.runtime import volumes
from realrun.runtime.spec import Mount


def names(root: Path) -> list[str]:
    return [volume.name for volume in volumes.every(root)]


def test_a_volume_is_made_once(tmp_path):
    first = volumes.create(tmp_path, "data", {"a": "b"})
    Path(first.mountpoint, "kept").touch()
    again = volumes.create(tmp_path, "data", {"c": "d"})
    assert again == first == volumes.find(tmp_path, "data")
    assert (first.labels, first.anonymous, Path(first.mountpoint).parts[-2:]) == (
        {"a": "b"}, False, ("data", "_data"),
    )  # fmt: skip
    assert os.listdir(first.mountpoint) == ["kept"]
    assert os.stat(tmp_path / "volumes").st_mode & 0o777 == 0o700
    assert os.listdir(tmp_path / "tmp") == []


def test_one_without_a_name_gets_64_digits(tmp_path):
    found = [volumes.create(tmp_path) for _ in range(3)]
    assert all(volume.anonymous for volume in found)
    assert len({volume.name for volume in found}) == 3
    assert {len(volume.name) for volume in found} == {64}
    assert set("".join(volume.name for volume in found)) <= set("0123456789abcdef")


@pytest.mark.parametrize(
    "name", ["a", "..", ".x", "-x", "a/b", "../x", "a b", "ä" * 4, "a\n", "a\0b", "x" * 256]
)
def test_no_name_leads_elsewhere(tmp_path, name):
    with pytest.raises(UsageError, match="no volume's name"):
        volumes.create(tmp_path, name)
    for use in (volumes.find, volumes.remove):
        with pytest.raises(NoSuchVolume):
            use(tmp_path, name)
    assert list(tmp_path.iterdir()) == []


def test_removing_takes_the_content_along(tmp_path):
    volume = volumes.create(tmp_path, "data")
    Path(volume.mountpoint, "deep/er").mkdir(parents=True)
    volumes.remove(tmp_path, "data")
    assert names(tmp_path) == []
    assert os.listdir(tmp_path / "tmp") == []
    with pytest.raises(NoSuchVolume, match="data"):
        volumes.remove(tmp_path, "data")


def test_what_is_used_stays_and_says_by_whom(tmp_path):
    volumes.create(tmp_path, "data")
    with pytest.raises(RealRunError, match="in use by one, two"):
        volumes.remove(tmp_path, "data", users=["two", "one"])
    assert names(tmp_path) == ["data"]


def test_pruning_takes_those_without_a_name_that_nobody_uses(tmp_path):
    used, unused = volumes.create(tmp_path), volumes.create(tmp_path)
    Path(unused.mountpoint, "file").write_bytes(b"12345")
    os.link(Path(unused.mountpoint, "file"), Path(unused.mountpoint, "again"))
    volumes.create(tmp_path, "data")
    assert volumes.prune(tmp_path, [used.name]) == [(unused.name, 5)]
    assert names(tmp_path) == sorted([used.name, "data"])
    assert volumes.prune(tmp_path, [used.name], everything=True) == [("data", 0)]


def test_everything_is_ready_before_a_start(tmp_path):
    bind = str(tmp_path / "a/b")
    wanted = [
        Mount("volume", "data", "/d", options=("nocopy", "label=a=b=c", "label=d")),
        Mount("volume", "", "/n"),
        Mount("bind", bind, "/b", options=("create",)),
        Mount("tmpfs", "", "/t"),
    ]
    volumes.prepare(tmp_path, wanted)
    assert names(tmp_path) == ["data"]
    assert volumes.find(tmp_path, "data").labels == {"a": "b=c", "d": ""}
    assert Path(bind).is_dir()
    with pytest.raises(UsageError, match="nosuch does not exist"):
        volumes.prepare(tmp_path, [Mount("bind", str(tmp_path / "nosuch"), "/b")])


@pytest.mark.parametrize("told", ["", "[]", "[" * 100_000, '{"created": ""}', '{"a": 1}'])
def test_a_damaged_volume_is_one_line(tmp_path, told: str):
    volumes.create(tmp_path, "data")
    (tmp_path / "volumes/data/volume.json").write_text(told)
    with pytest.raises(RealRunError, match=r"volume\.json is damaged or of another version"):
        volumes.find(tmp_path, "data")
