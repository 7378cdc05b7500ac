"""Images of many layers run, and build further, however long the paths of the store."""

from __future__ import annotations

from pathlib import Path

import pytest

from realrun.image import Image, Store
from realrun.image import config as configs
from realrun.image.base import make_base_busybox
from realrun.image.layers import pack
from tests.realrun.stage import cli
from tests.realrun.trees import write

pytestmark = [pytest.mark.overlay, pytest.mark.slow]
COUNT = "ls /layers | wc -l; cat /last"


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory, busybox: Path) -> Store:
    made = Store(tmp_path_factory.mktemp("many") / ("long" * 25))
    make_base_busybox(made, busybox)
    return made


def many(store: Store, count: int) -> Image:
    """busybox and so many more layers, each with a file of its own and one that all have."""
    base = store.resolve("busybox")
    with store.workspace("test") as scratch:
        layers = list(base.stored)
        for number in range(count):
            files = {f"layers/{number}": "", "last": f"{number}\n"}
            tree = write(scratch / str(number), files)
            layers.append(pack(tree, scratch / f"{number}.tar", latest=1))
        document = configs.make(
            config=dict(base.config),
            diff_ids=[layer.diff_id for layer in layers],
            history=[{} for _ in layers],
            created=configs.timestamp(0),
        )
        return store.add(document, layers, f"many{count}")


@pytest.mark.parametrize("count", [1, 127, 128, 300])
def test_they_run(store: Store, count: int):
    many(store, count)
    done = cli(
        "run", "--rm", f"many{count}", "sh", "-c", COUNT, env={"REALRUN_ROOT": str(store.root)}
    )
    assert (done.returncode, done.stdout.split()) == (0, [str(count), str(count - 1)]), done.stderr


def test_they_build_further(store: Store, tmp_path: Path):
    many(store, 130)
    (tmp_path / "Dockerfile").write_text(f"FROM many130\nRUN ({COUNT}) > /out\nRUN rm /layers/7\n")
    env = {"REALRUN_ROOT": str(store.root)}
    assert cli("build", "--network=none", "-t", "more", str(tmp_path), env=env).returncode == 0
    done = cli("run", "--rm", "more", "sh", "-c", f"cat /out; {COUNT}", env=env)
    assert done.stdout.split() == ["130", "129", "129", "129"]


def test_more_than_the_kernel_stacks_are_refused_in_one_line(store: Store):
    many(store, 500)
    done = cli("run", "--rm", "many500", "true", env={"REALRUN_ROOT": str(store.root)})
    assert (done.returncode, done.stderr.count("\n")) == (125, 1)
    assert "overlayfs stacks 500" in done.stderr
    assert not list((store.root / "instances").iterdir())
