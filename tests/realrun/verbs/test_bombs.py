"""Archives that grow without end: one line that names the budget, and nothing has changed."""

from __future__ import annotations

import bz2
import gzip
import lzma
from collections.abc import Callable
from pathlib import Path

import pytest

from realrun.image import Store
from realrun.image.budget import BYTES, ENTRIES
from tests.realrun.image.archives import saved
from tests.realrun.image.stores import add
from tests.realrun.stage import cli
from tests.realrun.trees import archive, member, snapshot

MIB = 1 << 20
BIG = archive([member("zeros", data=bytes(4 * MIB))])
MANY = archive([member(str(number)) for number in range(50)])
HOLES = {"GNU.sparse.major": "0", "GNU.sparse.minor": "1", "GNU.sparse.name": "f",
         "GNU.sparse.size": str(1 << 44), "GNU.sparse.map": "0,1"}  # fmt: skip
SPARSE = archive([member("f", data=b"x", pax_headers=HOLES)])


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    """A store with one image, which the command line uses, and little that may be unpacked."""
    monkeypatch.setenv("REALRUN_ROOT", str(tmp_path / "root"))
    made = Store()
    add(made, "here", {"a": "1"})
    monkeypatch.setenv(BYTES, str(MIB))
    monkeypatch.setenv(ENTRIES, "40")
    return made


def refused(store: Store, name: str, *words: str, data: bytes = b"") -> None:
    """One line; the store and the folder around it are as they were."""
    before = snapshot(store.root.parent, times=False)
    done = cli(*words, input=data, text=False)
    said = done.stderr.decode().splitlines()
    assert (done.returncode, done.stdout) == (1, b"")
    assert f"{name} can allow more" in "".join(said)
    assert said[-1].startswith(("realrun: ", "    "))
    after = snapshot(store.root.parent, times=False)
    assert {path: what for path, what in after.items() if not path.startswith("root/cache")} == {
        path: what for path, what in before.items() if not path.startswith("root/cache")
    }


@pytest.mark.parametrize("squeeze", [bytes, gzip.compress, bz2.compress, lzma.compress])
@pytest.mark.parametrize(("data", "name"), [(BIG, BYTES), (MANY, ENTRIES), (SPARSE, BYTES)])
def test_what_is_imported_has_a_budget(
    store: Store, squeeze: Callable[[bytes], bytes], data: bytes, name: str
):
    refused(store, name, "import", "-", "bomb", data=squeeze(data))


def test_all_layers_of_an_archive_share_one(store: Store, tmp_path: Path):
    """Two of 600 KB: each alone would do."""
    one = Store(tmp_path / "other")
    add(one, "large", {"a": "a" * 600_000}, {"b": "b" * 600_000})
    refused(store, BYTES, "load", data=saved(one, "large"))


def test_an_archive_within_an_archive_has_one(store: Store):
    """Small as it comes, so the outer archive is fine; what is in its layer is not."""
    layer = gzip.compress(BIG)
    config = b'{"rootfs":{"type":"layers","diff_ids":["sha256:%s"]}}' % (b"0" * 64)
    listed = b'[{"Config":"c","Layers":["l"]}]'
    files = {"manifest.json": listed, "l": layer, "c": config}
    data = archive([member(name, data=content) for name, content in files.items()])
    assert len(data) < MIB
    refused(store, BYTES, "load", data=data)


@pytest.mark.parametrize(("data", "name"), [(BIG, BYTES), (MANY, ENTRIES), (SPARSE, BYTES)])
def test_a_context_and_add_have_one(store: Store, tmp_path: Path, data: bytes, name: str):
    refused(store, name, "build", "-t", "new", "-", data=gzip.compress(data))
    (tmp_path / "context").mkdir()
    (tmp_path / "context/Dockerfile").write_text("FROM scratch\nADD bomb.tgz /\n")
    (tmp_path / "context/bomb.tgz").write_bytes(gzip.compress(data))
    refused(store, name, "build", "-q", "-t", "new", str(tmp_path / "context"))


def test_a_window_of_a_gigabyte_is_refused(store: Store):
    """xz would want that much memory before the first byte comes out."""
    filters = [{"id": lzma.FILTER_LZMA2, "dict_size": 1 << 30, "mode": lzma.MODE_FAST,
                "mf": lzma.MF_HC3, "nice_len": 4}]  # fmt: skip
    try:
        data = lzma.compress(MANY, filters=filters)
    except MemoryError:
        pytest.skip("no memory here to make one")
    done = cli("import", "-", "bomb", input=data, text=False)
    assert (done.returncode, done.stderr.count(b"\n")) == (1, 1)
    assert b"does not decompress: Memory usage limit" in done.stderr


@pytest.mark.parametrize("name", ["Dockerfile", ".dockerignore"])
def test_a_dockerfile_of_a_terabyte_is_not_read(store: Store, tmp_path: Path, name: str):
    context = tmp_path / "context"
    context.mkdir()
    (context / "Dockerfile").write_text("FROM scratch\n")
    with open(context / name, "ab") as file:
        file.truncate(1 << 40)
    done = cli("build", "-q", str(context))
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert "more than 4194304 bytes" in done.stderr


def test_enough_is_enough(store: Store, monkeypatch: pytest.MonkeyPatch):
    """And with more allowed the same archive comes in."""
    monkeypatch.setenv(BYTES, str(8 * MIB))
    done = cli("import", "-", "bomb", input=gzip.compress(BIG), text=False)
    assert done.returncode == 0, done.stderr
    monkeypatch.setenv(BYTES, "8m")
    done = cli("import", "-", "bomb", input=gzip.compress(BIG), text=False)
    assert (done.returncode, done.stderr) == (
        1, b"realrun: REALRUN_UNPACK_BYTES is '8m'; it has to be a number, normal is 68719476736\n"
    )  # fmt: skip
