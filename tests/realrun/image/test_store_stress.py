"""The store under stress: killed, shared, cleaned while others work in it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest

from realrun.image import Store
from tests.realrun.image.stores import add, everything
from tests.realrun.trees import names


def test_while_somebody_works_prune_keeps_layers_and_their_folder(store: Store):
    """Another process holds a workspace: what looks unused may be about to be used."""
    add(store, None, {"b": "no name"})
    before = everything(store)
    program = (
        "import sys, time; from pathlib import Path; from realrun.image import Store\n"
        f"with Store(Path({str(store.root)!r})).workspace('busy') as scratch:\n"
        "    (scratch / 'half').mkdir(); print('ready', flush=True); time.sleep(60)"
    )
    worker = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE)
    try:
        assert worker.stdout is not None
        assert worker.stdout.readline() == b"ready\n"
        assert store.prune() == []
        assert set(everything(store)) > set(before)
    finally:
        os.kill(worker.pid, signal.SIGKILL)
        worker.communicate()
    assert any(line.startswith("tmp/busy-") for line in store.prune())
    assert not [n for n in everything(store) if n.startswith(("tmp/", "layers/"))]


CRASHING = """
import os, sys
from pathlib import Path
from realrun.image import Store
from tests.realrun.image.stores import add
calls, limit = 0, int(sys.argv[2])
def counted(name):
    real = getattr(os, name)
    def call(*args, **more):
        global calls
        calls += 1
        if calls == limit:
            os.kill(os.getpid(), 9)
        return real(*args, **more)
    setattr(os, name, call)
for name in ("rename", "replace", "fsync", "mkdir"):
    counted(name)
add(Store(Path(sys.argv[1])), "new", {"a": "2"}, {"b": "3"})
print(calls)
"""


@pytest.mark.slow
def test_killed_at_any_step_the_store_is_the_old_or_the_new(store: Store):
    """kill -9 before the Nth change of the disk, for every N: never half an image."""
    old = add(store, "old", {"a": "1"})
    clean = sorted(set(everything(store)))
    limit, outcome = 0, 0
    while outcome != 1:
        limit += 1
        done = subprocess.run(
            [sys.executable, "-c", CRASHING, str(store.root), str(limit)],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        outcome = done.returncode == 0
        assert done.returncode in (0, -9), done.stderr
        assert store.resolve("old") == old
        if "new:latest" in [image.reference for image in store.images()]:
            image = store.resolve("new")
            assert [names(layer) for layer in image.layers] == [["a"], ["b"]]
            store.remove("new")
        store.prune()
        assert sorted(set(everything(store))) == clean
    assert limit > 10


def test_many_writers_lose_no_image(store: Store):
    """Eight processes add at once: the index has all of them."""
    program = (
        "import sys; from pathlib import Path; from realrun.image import Store\n"
        "from tests.realrun.image.stores import add\n"
        "for n in range(3):\n"
        "    add(Store(Path(sys.argv[1])), f'image-{sys.argv[2]}-{n}', {'a': sys.argv[2] + str(n)})"
    )
    workers = [
        subprocess.Popen([sys.executable, "-c", program, str(store.root), str(n)]) for n in range(8)
    ]
    assert [worker.wait() for worker in workers] == [0] * 8
    assert len(store.images()) == 24
    assert store.prune() == []
