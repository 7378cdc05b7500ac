"""What was made to mount on goes again after the command, and nothing else, wherever links lead."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from realrun.build.stubs import Stubs
from tests.realrun.stage import cli
from tests.realrun.trees import names, snapshot, write

TARGETS = ("/new/deep/place", "/usr/place", "/file")


@pytest.fixture
def below(tmp_path: Path) -> Path:
    return write(tmp_path / "below", {"usr/x": "x"})


def test_what_is_still_empty_goes_and_what_came_up_for_it(below: Path, tmp_path: Path):
    stubs = Stubs([below], TARGETS)
    upper = write(tmp_path / "upper", {"new/deep/place/": None, "usr/place/": None, "file": ""})
    os.utime(upper, ns=(5, 5))
    stubs.clear(upper)
    assert (names(upper), upper.stat().st_mtime_ns) == ([], 5)


def test_what_the_command_has_filled_or_changed_stays(below: Path, tmp_path: Path):
    stubs = Stubs([below], TARGETS)
    files = {"new/deep/place/": None, "new/mine": "", "usr/place/a": "", "file": "full"}
    upper = write(tmp_path / "upper", files)
    stubs.clear(upper)
    assert names(upper) == ["file", "new", "new/mine", "usr", "usr/place", "usr/place/a"]


@pytest.mark.parametrize("link", ["new", "new/deep", "usr"])
@pytest.mark.parametrize("kind", [None, ""])
def test_a_link_on_the_way_is_not_followed(below: Path, tmp_path: Path, link: str, kind):
    """The command has put it in the place of what was made: there are empty things behind it."""
    outside = write(tmp_path / "outside", {"deep/place": kind, "place": kind})
    before = snapshot(outside)
    stubs = Stubs([below], TARGETS)
    stubs.clear(write(tmp_path / "upper", {link: f"-> {outside}"}))
    assert snapshot(outside) == before


@pytest.mark.overlay
def test_nor_in_a_real_build(root: Path, tmp_path: Path):
    outside = write(tmp_path / "outside", {"b/c/": None, "b/d": ""})
    context = write(tmp_path / "context", {
        "Dockerfile": "FROM busybox\n"
        "RUN --mount=type=tmpfs,target=/a/b/c --mount=type=tmpfs,target=/e/b"
        f" mv /a /z && ln -s {outside} /a && mv /e /y && ln -s {outside} /e\n"
    })  # fmt: skip
    done = cli("build", "-q", str(context))
    assert done.returncode == 0, done.stderr
    assert names(outside) == ["b", "b/c", "b/d"]
