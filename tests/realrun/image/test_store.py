"""The store: whole or not at all, found by name and id, and emptied of what nobody needs."""

from __future__ import annotations

import json
import os
import time

import pytest

from realrun.errors import BadImage, NoSuchImage, RealRunError, UsageError
from realrun.image import Store
from realrun.image import config as configs
from realrun.image.reference import normal
from tests.realrun.image.stores import add, everything
from tests.realrun.trees import names, snapshot


def test_an_image_is_found_by_name_digest_and_the_first_digits_of_its_id(store: Store):
    image = add(store, "hello:1", {"a": "1"}, {"b": "2"}, Cmd=["a"])

    assert image.config == {"Cmd": ["a"]}
    assert [names(layer) for layer in image.layers] == [["a"], ["b"]]
    for reference in (
        "hello:1", "docker.io/library/hello:1", image.digest, image.image_id,
        image.image_id[7:19], f"hello@{image.digest}",
    ):  # fmt: skip
        assert store.resolve(reference) == image
    assert store.images()[0].image_id == image.image_id


def test_a_missing_image_names_what_is_like_it_and_the_way_out(store: Store):
    add(store, "hello", {"a": "1"})
    with pytest.raises(NoSuchImage, match=r"did you mean hello\?.*realrun build -t hallo"):
        store.resolve("hallo")
    with pytest.raises(NoSuchImage, match="realrun base busybox"):
        store.resolve("busybox")
    with pytest.raises(UsageError, match="no image name"):
        store.resolve("../../etc/passwd")
    with pytest.raises(NoSuchImage):
        Store(store.root / "nowhere").resolve("x")


@pytest.mark.parametrize(
    "name", ["", "Upper", "a:b:c", "a/../b", "-a", "a:", "a b", "ü", "a" * 300]
)
def test_names_that_cannot_be(name: str):
    with pytest.raises(UsageError):
        normal(name)


def test_layers_are_stored_once_and_unpacked_once(store: Store):
    one = add(store, "one", {"shared": "x"}, {"one": "1"})
    two = add(store, "two", {"shared": "x"}, {"two": "2"})

    assert one.layers[0] == two.layers[0]
    assert len(list(store.layout.trees.iterdir())) == 3
    assert (one.layers[0] / "shared").stat().st_nlink == 1


def test_a_layer_that_is_only_a_blob_is_unpacked_when_needed(store: Store):
    image = add(store, "hello", {"d/a": "1"})
    before = snapshot(image.layers[0])
    image.layers[0].rename(store.root / "away")
    assert not store.images()[0].layers[0].exists()

    assert snapshot(store.resolve("hello").layers[0]) == before


def test_overlay_gets_no_layer_twice_and_none_below_an_opaque_root(store: Store):
    """It refuses the one with ELOOP and cannot do the other."""
    image = add(store, "twice", {"a": "1"}, {"b": "2"}, {"a": "1"})
    assert [names(layer) for layer in image.layers] == [["b"], ["a"]]
    assert len(image.diff_ids) == 3

    image = add(store, "fresh", {"a": "1"}, {"hides-all": ""}, {"c": "3"})
    assert [names(layer) for layer in image.layers] == [["hides-all"], ["c"]]
    assert len(image.diff_ids) == 3


def test_a_name_moves_and_the_old_image_stays_without_one(store: Store):
    old = add(store, "hello", {"a": "1"})
    new = add(store, "hello", {"a": "2"})
    store.tag("hello", "hello:again")

    assert store.resolve("hello").digest == new.digest
    assert store.resolve(old.image_id[7:19]).reference == "<none>"
    assert sorted(i.reference for i in store.images()) == ["<none>", "hello:again", "hello:latest"]


def test_an_image_that_comes_again_by_its_name_changes_nothing(store: Store):
    """A cached build need not wait for the disk."""
    add(store, "one", {"a": "1"})
    add(store, "two", {"a": "2"})
    before = os.stat(store.layout.path / "index.json").st_ino
    add(store, "one", {"a": "1"})
    assert os.stat(store.layout.path / "index.json").st_ino == before
    add(store, "two", {"a": "1"})
    assert [image.reference for image in store.images()] == ["one:latest", "<none>", "two:latest"]


def test_removing_takes_what_only_that_image_needed(store: Store):
    one = add(store, "one", {"shared": "x"}, {"one": "1"})
    two = add(store, "two", {"shared": "x"}, {"two": "2"})
    store.tag("one", "uno")

    assert store.remove("uno") == ["Untagged: uno:latest"]
    before = everything(store)
    assert store.remove("one") == [
        "Untagged: one:latest",
        f"Deleted: {one.image_id}",
        f"Deleted: {configs.chain(one.diff_ids)}",
    ]
    gone = [one.digest, one.image_id, one.stored[1].digest]
    files = [f"image/blobs/sha256/{digest[7:]}" for digest in gone]
    files += [f"layers/{one.diff_ids[1][7:]}", f"layers/{one.diff_ids[1][7:]}/one"]
    assert sorted(set(before) - set(everything(store))) == sorted(files)
    assert not one.layers[1].exists()
    assert store.resolve("two") == two
    with pytest.raises(NoSuchImage):
        store.remove("one")


def test_an_id_with_several_names_is_not_removed_by_id(store: Store):
    image = add(store, "one", {"a": "x"})
    store.tag("one", "two")
    with pytest.raises(UsageError, match="one:latest, two:latest"):
        store.remove(image.image_id)
    store.remove("two")
    assert store.remove(image.image_id)[0] == "Untagged: one:latest"
    again = add(store, "one", {"a": "x"})
    store.tag("one", "two")
    told = store.remove(again.image_id[7:19], force=True)
    assert told[:2] == ["Untagged: one:latest", "Untagged: two:latest"]
    assert store.images() == []


def test_layers_in_use_outlive_their_image(store: Store):
    image = add(store, "one", {"a": "x"})
    store.remove("one", keep=image.layers)
    assert image.layers[0].is_dir()
    assert f"layers/{image.layers[0].name}" in store.prune()
    assert not image.layers[0].exists()


def test_prune_is_thorough_and_has_nothing_to_do_the_second_time(store: Store):
    kept = add(store, "kept", {"a": "x"})
    add(store, None, {"b": "no name"})
    before = [n for n in everything(store) if not n.startswith("tmp")]
    (store.root / "tmp/left-1-abcd/deep").mkdir(parents=True)
    (store.root / "tmp/left-1-abcd/deep").chmod(0)
    (store.layout.blobs / ("0" * 64)).write_text("nobody's")
    removed = store.prune()

    assert "tmp/left-1-abcd" in removed
    assert f"image/blobs/sha256/{'0' * 64}" in removed
    assert len(removed) == 2 + 4
    assert store.prune() == []
    assert set(everything(store)) < set(before)
    assert store.resolve("kept") == kept
    assert Store(store.root / "nowhere").prune() == []


def test_a_changed_document_is_noticed(store: Store):
    image = add(store, "hello", {"a": "1"}, Cmd=["good"])
    blob = store.layout.blob(image.image_id)
    blob.write_bytes(blob.read_bytes().replace(b"good", b"evil"))
    with pytest.raises(BadImage, match="changed"):
        store.resolve("hello")


def test_a_changed_layer_is_noticed_before_it_is_used(store: Store):
    image = add(store, "hello", {"a": "1"})
    image.layers[0].rename(store.root / "away")
    store.layout.blob(image.stored[0].digest).write_bytes(b"something else")
    with pytest.raises(BadImage):
        store.resolve("hello")
    assert not image.layers[0].exists()


def test_an_image_with_a_layer_that_is_not_there_is_not_added(store: Store):
    image = add(store, "hello", {"a": "1"})
    store.remove("hello")
    document = configs.make(
        config={}, diff_ids=image.diff_ids, history=[{}], created=configs.timestamp(0)
    )
    with pytest.raises(RealRunError, match="not in the store"):
        store.add(document, image.stored, "again")
    assert store.images() == []


@pytest.mark.parametrize(
    "index",
    [
        "[]", "{", '{"manifests": 1}', '{"manifests": [1]}', "NaN", '{"a":1,"a":2}',
        '{"manifests": [{"digest": "sha256:../../../etc/passwd", "size": 1}]}',
        '{"manifests": [{"digest": "sha256:%s", "size": -1}]}' % ("0" * 64),
        '{"manifests": [{"size": 1}]}', '{"manifests": [{}]}',
        "[" * 100_000, '{"manifests": [{"size": %s}]}' % ("9" * 5000),
    ],
)  # fmt: skip
def test_a_foreign_index_is_refused_in_one_line(store: Store, index: str):
    add(store, "hello", {"a": "1"})
    (store.layout.path / "index.json").write_text(index)
    for ask in (store.images, lambda: store.resolve("sha256:0000"), lambda: store.resolve("hello")):
        with pytest.raises(RealRunError) as caught:
            ask()
        assert "\n" not in str(caught.value)


@pytest.mark.parametrize("entry", ["{}", '{"digest": "hello"}', '{"digest": null}'])
def test_prune_takes_nothing_while_an_entry_leads_nowhere(store: Store, entry: str):
    """It stands for an image: what it was is not to be told from what nobody needs."""
    add(store, "hello", {"a": "1"})
    blobs = set(store.layout.blobs.iterdir())
    (store.layout.path / "index.json").write_text(f'{{"manifests": [{entry}]}}')
    with pytest.raises(BadImage, match="list of descriptors"):
        store.prune()
    assert set(store.layout.blobs.iterdir()) == blobs


def test_the_store_is_an_oci_layout(store: Store):
    image = add(store, "hello", {"a": "1"}, Env=["A=1"])
    read = lambda path: json.loads(path.read_bytes())  # noqa: E731
    assert read(store.layout.path / "oci-layout") == {"imageLayoutVersion": "1.0.0"}
    index = read(store.layout.path / "index.json")
    [entry] = index["manifests"]
    assert entry["annotations"] == {"org.opencontainers.image.ref.name": "hello:latest"}
    manifest = read(store.layout.blob(entry["digest"]))
    config = read(store.layout.blob(manifest["config"]["digest"]))
    assert (index["schemaVersion"], manifest["schemaVersion"]) == (2, 2)
    assert config["rootfs"] == {"type": "layers", "diff_ids": list(image.diff_ids)}
    assert manifest["config"]["digest"] == image.image_id
    for blob in store.layout.blobs.iterdir():
        from hashlib import sha256

        assert sha256(blob.read_bytes()).hexdigest() == blob.name


def test_timestamps_follow_source_date_epoch(monkeypatch):
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "86400")
    assert configs.timestamp() == "1970-01-02T00:00:00Z"
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "tomorrow")
    with pytest.raises(UsageError, match="tomorrow"):
        configs.timestamp()
    monkeypatch.delenv("SOURCE_DATE_EPOCH")
    assert configs.timestamp()[:4] == time.strftime("%Y", time.gmtime())
