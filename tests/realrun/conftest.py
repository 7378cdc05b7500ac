"""One ROOT for all real runs: the example's image is built once, its tools are those found here."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from realrun import building, paths
from realrun.guest import tools
from realrun.image import Store
from realrun.image.base import make_base_busybox
from realrun.runtime.client import Spawner
from tests.realrun.stage import PROJECT, Stage, everything_left


def share_tools(root: Path) -> None:
    """What has been fetched to the user's own ROOT serves this one as well."""
    own = paths.root()
    root.mkdir(exist_ok=True)
    if (own / "tools").is_dir():
        (root / "tools").symlink_to(own / "tools")
    if (own / "machine.json").is_file():
        shutil.copy(own / "machine.json", root)


@pytest.fixture(scope="session")
def starter() -> Iterator[Spawner]:
    """The session's spawner."""
    with Spawner() as one:
        yield one


@pytest.fixture(scope="session")
def busybox() -> Path:
    """A static busybox, the program of nearly every image of the tests."""
    if found := tools.find("busybox"):
        return found.path
    pytest.skip("no static busybox here; `realrun fetch` gets it")


@pytest.fixture(scope="session")
def hello_root(tmp_path_factory: pytest.TempPathFactory, starter: Spawner, busybox: Path) -> Path:
    """A ROOT that holds the images `busybox` and `hello`; ask for `root` instead to use it."""
    root = tmp_path_factory.mktemp("hello") / "root"
    share_tools(root)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("REALRUN_ROOT", str(root))
        make_base_busybox(Store(), busybox)
        building.build(PROJECT / "examples/hello", ["hello"], starter)
    return root


@pytest.fixture
def root(hello_root: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The ROOT with the images is the one in use; after the test nothing may be left in it."""
    monkeypatch.setenv("REALRUN_ROOT", str(hello_root))
    yield hello_root
    assert everything_left(hello_root) == []


@pytest.fixture
def stage(root: Path, starter: Spawner) -> Stage:
    """Start things, and find nothing of them afterwards."""
    return Stage(starter)
