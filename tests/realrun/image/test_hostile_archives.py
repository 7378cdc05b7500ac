"""What is not right in an archive of images does not come in, and nothing changes."""

from __future__ import annotations

import io
import json
import tarfile
from pathlib import Path
from typing import Any

import pytest

from realrun.errors import BadImage
from realrun.image import Store
from realrun.image.documents import MAX_BYTES
from realrun.image.load import load
from tests.realrun.image.archives import OCI_INDEX, digest, files_of, packed, saved
from tests.realrun.image.stores import add
from tests.realrun.trees import archive, member, snapshot


def without(name: str):
    return lambda files: files.pop(name)


def with_row(**changes: Any):
    def change(files: dict[str, bytes]) -> None:
        rows = json.loads(files["manifest.json"])
        rows[0].update(changes)
        files["manifest.json"] = json.dumps(rows).encode()

    return change


def with_file(pattern: str, data: bytes):
    def change(files: dict[str, bytes]) -> None:
        (name,) = [name for name in files if name.endswith(pattern)]
        files[name] = data

    return change


EVIL_LAYER = archive([member("../../evil", data=b"x")])
DOCKER_HOSTILE = [
    (without("manifest.json"), "neither manifest.json nor index.json"),
    (with_file(".tar", archive([member("a", data=b"2")])), "layer .* content is sha256"),
    (with_file(".tar", b"x" * 1024), "no tar archive"),
    (with_file(".tar", EVIL_LAYER), "climbs out of the layer"),
    (with_file("manifest.json", b"[]"), "holds no image"),
    (with_file("manifest.json", b"{}"), "not a JSON list of objects"),
    (with_file("manifest.json", b'[{"Config":"a","Config":"b"}]'), "a key comes twice"),
    (with_file("manifest.json", b" " * (MAX_BYTES + 1)), "at most 4194304 make sense"),
    (with_file("manifest.json", b"[" * 100_000), "nested too deeply"),
    (with_row(Config="/etc/passwd"), "'/etc/passwd' is missing"),
    (with_row(Config="../../../etc/passwd"), "climbs out"),
    (with_row(Config=7), "the name of a file"),
    (with_row(Config="\ud800"), "half of a surrogate pair"),
    (with_row(Layers=["a\0"]), "NUL or half"),
    (with_row(Layers=[]), "lists 0 layers, the configuration 1"),
    (with_row(Layers=["../x"]), "climbs out"),
    (with_row(Layers="x"), "lists of strings"),
    (with_row(RepoTags=["../../x"]), "is no image name"),
]


@pytest.mark.parametrize(("change", "said"), DOCKER_HOSTILE, ids=range(len(DOCKER_HOSTILE)))
def test_a_wrong_docker_archive_changes_nothing(store: Store, tmp_path: Path, change, said: str):
    add(store, "one", {"a": "1"})
    files = files_of(saved(store, "one"))
    change(files)
    refused(tmp_path, packed(files), said)


def test_a_configuration_that_is_not_what_its_name_says(store: Store, tmp_path: Path):
    image = add(store, "one", {"a": "1"})
    files = files_of(saved(store, "one"))
    files[f"{image.image_id[7:]}.json"] += b" "
    refused(tmp_path, packed(files), "configuration .* is not what its name says")


def refused(tmp_path: Path, data: bytes, said: str) -> None:
    """One error, and a store with an image in it is as it was, file by file."""
    other = Store(tmp_path / "other")
    add(other, "here", {"there": "1"})
    before = snapshot(other.root, times=False), [image.digest for image in other.images()]
    with pytest.raises(BadImage, match=said):
        load(other, io.BytesIO(data))
    assert (snapshot(other.root, times=False), [i.digest for i in other.images()]) == before
    assert not (tmp_path / "evil").exists()


def in_index(**changes: Any):
    def change(files: dict[str, bytes]) -> None:
        index = json.loads(files["index.json"])
        index["manifests"][0].update(changes)
        files["index.json"] = json.dumps(index).encode()

    return change


def swapped(kind: str):
    """Another content under the name of the manifest's config, or of its layer."""

    def change(files: dict[str, bytes]) -> None:
        entry = json.loads(files["index.json"])["manifests"][0]
        manifest = json.loads(files[f"blobs/sha256/{entry['digest'][7:]}"])
        found = manifest["config"] if kind == "config" else manifest["layers"][0]
        name = f"blobs/sha256/{found['digest'][7:]}"
        files[name] = b"X" + files[name][1:]

    return change


def circle(files: dict[str, bytes]) -> None:
    """An index that leads to an index, and so on."""
    inner = b'{"manifests":[]}'
    for _ in range(9):
        files[f"blobs/sha256/{digest(inner)[7:]}"] = inner
        entry = {"mediaType": OCI_INDEX, "digest": digest(inner), "size": len(inner)}
        inner = json.dumps({"manifests": [entry]}).encode()
    files["index.json"] = inner


def in_document(kind: str, change):
    """The manifest or its config changed, as an object or as text, and all digests set right."""

    def changed(files: dict[str, bytes]) -> None:
        index = json.loads(files["index.json"])
        entry = index["manifests"][0]
        manifest = json.loads(files[f"blobs/sha256/{entry['digest'][7:]}"])
        if kind == "config":
            put(files, manifest["config"], change(files[blob_of(manifest["config"])]))
        data = json.dumps(manifest).encode()
        put(files, entry, change(data) if kind == "manifest" else data)
        files["index.json"] = json.dumps(index).encode()

    return changed


def put(files: dict[str, bytes], descriptor: dict[str, Any], data: bytes) -> None:
    descriptor |= {"digest": digest(data), "size": len(data)}
    files[blob_of(descriptor)] = data


def blob_of(descriptor: dict[str, Any]) -> str:
    return f"blobs/sha256/{descriptor['digest'][7:]}"


def with_keys(**keys: Any):
    return lambda data: json.dumps(json.loads(data) | keys).encode()


def instead(old: bytes, new: bytes):
    def change(data: bytes) -> bytes:
        assert old in data
        return data.replace(old, new, 1)

    return change


DEEP = b"[" * 100_000 + b"]" * 100_000
NINES = b"9" * 5000
TRAPS = [
    ("manifest", with_keys(manifests=[]), "must not be an index"),
    ("manifest", with_keys(mediaType=OCI_INDEX), "cannot be run"),
    ("manifest", with_keys(config=None), "needs a config and layers"),
    ("manifest", with_keys(layers={}), "needs a config and layers"),
    ("manifest", with_keys(layers=[None]), "have to be descriptors"),
    ("manifest", instead(b'"size": ', b'"size": 1e'), "descriptor says|size and a media type"),
    ("manifest", instead(b'"size": ', b'"size": ' + NINES), "not a JSON document"),
    ("manifest", instead(b'"size": ', b'"size": -'), "descriptor says|size and a media type"),
    ("manifest", instead(b"{", b'{"config": {}, '), "a key comes twice"),
    ("manifest", instead(b"{", b'{"a": ' + DEEP + b", "), "nested too deeply"),
    ("manifest", instead(b"{", b'{"a": NaN, '), "NaN is no number"),
    ("config", instead(b"{", b'{"a": 1e999, '), "1e999 is no number"),
    ("config", instead(b"{", b'{"a": {"b": 1, "b": 2}, '), "a key comes twice"),
    ("config", instead(b"{", b'{"a": ' + DEEP + b", "), "nested too deeply"),
    ("config", with_keys(config={"Env": [1]}), "Env has to be a list of strings"),
    ("config", with_keys(config={"Cmd": ["a\0b"]}), "NUL or half of a surrogate pair"),
    ("config", with_keys(config={"User": "\ud800"}), "NUL or half of a surrogate pair"),
    ("config", with_keys(config={"Labels": {"a": 1}}), "Labels has to be texts by name"),
    ("config", with_keys(config=[]), "config has to be an object"),
    ("config", with_keys(history=[1]), "history has to be a list of objects"),
    ("config", with_keys(rootfs={"type": "disk"}), "rootfs.type has to be 'layers'"),
    ("config", with_keys(rootfs={"type": "layers", "diff_ids": ["sha256:" + "A" * 64]}), "digests"),
]


@pytest.mark.parametrize(("kind", "change", "said"), TRAPS, ids=range(len(TRAPS)))
def test_a_document_that_two_readers_could_understand_differently_changes_nothing(
    store: Store, tmp_path: Path, kind: str, change, said: str
):
    add(store, "one", {"a": "1"}, Env=["a=b"])
    files = files_of(saved(store, "one", form="oci"))
    in_document(kind, change)(files)
    refused(tmp_path, packed(files), said)


def test_null_is_as_good_as_absent(store: Store, tmp_path: Path):
    """Go writes null for a list without entries."""
    add(store, "one", {"a": "1"})
    files = files_of(saved(store, "one", form="oci"))
    nothing = dict.fromkeys(("Env", "Cmd", "Labels", "Volumes", "User", "Healthcheck"))
    in_document("config", with_keys(config=nothing, author=None))(files)
    in_document("manifest", with_keys(annotations=None, mediaType=None))(files)
    [image] = load(Store(tmp_path / "other"), io.BytesIO(packed(files)))
    assert (image.config, image.author) == ({}, "")


OCI_HOSTILE = [
    (without("oci-layout"), "no oci-layout"),
    (with_file("oci-layout", b'{"imageLayoutVersion":"9"}'), "has to be 1.0.0"),
    (with_file("index.json", b'{"manifests":{}}'), "a list of descriptors"),
    (with_file("index.json", b'{"manifests":[]}'), "holds no image"),
    (in_index(size=-1), "its descriptor says -1"),
    (in_index(size=10**30), "its descriptor says 1000000"),
    (in_index(digest="sha256:../../../etc/passwd"), "is no sha256 digest"),
    (in_index(digest="sha256:" + "0" * 64), "is missing"),
    (in_index(mediaType=OCI_INDEX), "no image for linux/"),
    (swapped("config"), "configuration is not what its digest says"),
    (swapped("layer"), "not what its name or its size says"),
    (circle, "too deep"),
]


@pytest.mark.parametrize(("change", "said"), OCI_HOSTILE, ids=range(len(OCI_HOSTILE)))
def test_a_wrong_oci_archive_changes_nothing(store: Store, tmp_path: Path, change, said: str):
    add(store, "one", {"a": "1"})
    files = files_of(saved(store, "one", form="oci"))
    change(files)
    refused(tmp_path, packed(files), said)


ODD = [
    ([member("manifest.json", tarfile.SYMTYPE, linkname="/etc/passwd")], "neither manifest.json"),
    ([member("manifest.json", tarfile.SYMTYPE, linkname="../../x")], "climbs out"),
    ([member("manifest.json", tarfile.SYMTYPE, linkname="manifest.json")], "in a circle"),
    ([member("manifest.json", tarfile.FIFOTYPE)], "neither a plain file"),
    ([member("/../x", data=b"1")], "climbs out"),
    ([member("a", data=b"1"), member("./a", data=b"2")], "twice in the archive"),
    ([member("a", data=b"1"), member("a", tarfile.LNKTYPE, linkname="b")], "twice in the archive"),
]


@pytest.mark.parametrize(("members", "said"), ODD, ids=range(len(ODD)))
def test_odd_members_change_nothing(tmp_path: Path, members, said: str):
    refused(tmp_path, archive(members), said)


def test_what_is_no_archive_changes_nothing(tmp_path: Path):
    refused(tmp_path, b"hello" * 1000, "checksum|header|archive")
