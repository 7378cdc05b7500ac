"""One image with the attacks in it, and one ROOT of ours that has it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.realrun.conftest import busybox as busybox
from tests.realrun.stage import everything_left
from tests.security import attacker
from tests.security.sides import Side, marks, ours


@pytest.fixture(scope="session")
def told() -> Iterator[dict[str, str]]:
    with marks() as words:
        yield words


@pytest.fixture(scope="session")
def archive(tmp_path_factory, busybox: Path) -> Path:
    path = tmp_path_factory.mktemp("attacker") / "attacker.tar"
    path.write_bytes(attacker.archive(busybox))
    return path


@pytest.fixture(scope="session")
def sides(told, archive, tmp_path_factory) -> Iterator[dict[str, Side]]:
    """`container` and `process`; nothing is left of them at the end."""
    root = tmp_path_factory.mktemp("security") / "root"
    yield ours(root, archive, told)
    assert everything_left(root) == []


@pytest.fixture
def root(sides, monkeypatch) -> Path:
    """Their ROOT is the one in use."""
    monkeypatch.setenv("REALRUN_ROOT", sides["container"].env["REALRUN_ROOT"])
    return Path(sides["container"].env["REALRUN_ROOT"])
