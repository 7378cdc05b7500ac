"""save and load: what goes out comes in as it was, in both forms."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
import subprocess
import tarfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from realrun.errors import BadImage
from realrun.image import Store
from realrun.image import config as configs
from realrun.image.load import load
from realrun.image.save import FORMATS, save
from tests.realrun.image.archives import OCI_INDEX, digest, files_of, loaded, packed, saved
from tests.realrun.image.stores import add, everything
from tests.realrun.trees import archive, member, snapshot

CONFIG = {
    "Cmd": ["a"],
    "Healthcheck": {"Test": ["CMD", "true"], "Interval": 10**9},
    "OnBuild": ["RUN x"],
    "Shell": ["/bin/ash", "-c"],
}


@pytest.mark.parametrize("form", FORMATS)
def test_what_goes_out_comes_in_as_it_was(store: Store, tmp_path: Path, form: str):
    """Id, diff ids, settings with Docker's own fields, and every file."""
    image = add(store, "one", {"a": "1", "d/b": "2"}, {"link": "-> a"}, **CONFIG)
    add(store, "two", {"a": "1", "d/b": "2"})
    store.tag("one", "uno:1")
    data = saved(store, "one", "uno:1", "two", form=form)
    other = Store(tmp_path / "other")

    assert loaded(other, data) == ["one:latest", "uno:1", "two:latest"]
    back = other.resolve("uno:1")
    assert (back.image_id, back.diff_ids) == (image.image_id, image.diff_ids)
    assert back.config == CONFIG
    assert list(map(snapshot, back.layers)) == list(map(snapshot, image.layers))
    assert saved(other, "one", "uno:1", "two", form=form) == data
    if form == "oci":
        assert back.digest == image.digest


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    layers=st.lists(
        st.dictionaries(st.text("abc", min_size=1, max_size=3), st.text(max_size=20)),
        max_size=3,
    ),
    form=st.sampled_from(FORMATS),
)
def test_the_round_trip_law(tmp_path_factory: pytest.TempPathFactory, layers, form):
    """load(save(image)) has the image's id and diff ids, whatever is in it."""
    folder = tmp_path_factory.mktemp("law")
    store, other = Store(folder / "one"), Store(folder / "other")
    image = add(store, "x", *({name: "f" + text for name, text in one.items()} for one in layers))

    (back,) = load(other, io.BytesIO(saved(store, "x", form=form)))
    assert (back.image_id, back.diff_ids) == (image.image_id, image.diff_ids)


@pytest.mark.parametrize("form", FORMATS)
def test_loading_what_is_here_already_changes_nothing(store: Store, form: str):
    add(store, "one", {"a": "1"}, {"b": "2"})
    before = everything(store)

    assert loaded(store, saved(store, "one", form=form)) == ["one:latest"]
    assert everything(store) == before


def test_by_its_id_an_image_goes_out_without_a_name(store: Store, tmp_path: Path):
    image = add(store, "one", {"a": "1"})
    other = Store(tmp_path / "other")
    assert loaded(other, saved(store, image.image_id[7:19])) == ["<none>"]
    (row,) = json.loads(files_of(saved(store, image.image_id))["manifest.json"])
    assert row["RepoTags"] is None


@pytest.mark.parametrize("squeeze", [gzip.compress, bz2.compress, lzma.compress])
def test_a_compressed_archive_is_read_by_its_content(store: Store, tmp_path: Path, squeeze):
    add(store, "one", {"a": "1"})
    data = squeeze(saved(store, "one"))
    assert loaded(Store(tmp_path / "other"), data) == ["one:latest"]
    with pytest.raises(BadImage, match="does not decompress"):
        load(Store(tmp_path / "third"), io.BytesIO(data[:-40]))


def test_compressed_layers_and_links_in_dockers_form(store: Store, tmp_path: Path):
    """Older Dockers write the second of two equal layers as a link to the first."""
    image = add(store, "one", {"a": "1"})
    files = files_of(saved(store, "one"))
    name = f"{image.diff_ids[0][7:]}.tar"
    rows = json.loads(files["manifest.json"])
    rows[0]["Layers"] = ["x/layer.tar"]
    members = [
        member("x", tarfile.DIRTYPE),
        member("x/layer.tar", tarfile.SYMTYPE, linkname="../y/layer.tar"),
        member("y/layer.tar", data=gzip.compress(files[name])),
        member(rows[0]["Config"], data=files[rows[0]["Config"]]),
        member("./manifest.json", data=json.dumps(rows).encode()),
    ]
    (back,) = load(Store(tmp_path / "other"), io.BytesIO(archive(members)))
    assert (back.image_id, back.diff_ids) == (image.image_id, image.diff_ids)


def test_of_several_platforms_ours_is_taken(store: Store, tmp_path: Path):
    image = add(store, "one", {"a": "1"})
    files = files_of(saved(store, "one", form="oci"))
    (entry,) = json.loads(files["index.json"])["manifests"]
    ours = {key: entry[key] for key in ("digest", "size", "mediaType")}
    ours["platform"] = {"os": "linux", "architecture": configs.architecture()}
    other = {**ours, "digest": digest(b"?"), "platform": {"os": "plan9", "architecture": "vax"}}
    proof = {**other, "annotations": {"vnd.docker.reference.type": "attestation-manifest"}}
    inner = json.dumps({"manifests": [other, proof, ours]}).encode()
    files[f"blobs/sha256/{digest(inner)[7:]}"] = inner
    outer = {"mediaType": OCI_INDEX, "digest": digest(inner), "size": len(inner)}
    outer["annotations"] = {"org.opencontainers.image.ref.name": "x:1"}
    files["index.json"] = json.dumps({"manifests": [outer]}).encode()

    (back,) = load(Store(tmp_path / "other"), io.BytesIO(packed(files)))
    assert (back.reference, back.digest) == ("x:1", image.digest)


def test_a_damaged_image_does_not_spread(store: Store):
    image = add(store, "one", {"a": "1"})
    blob = store.layout.blob(image.stored[0].digest)
    blob.write_bytes(gzip.compress(archive([member("a", data=b"2")])))
    for form in FORMATS:
        with pytest.raises(BadImage, match="was changed in the store"):
            saved(store, "one", form=form)


@pytest.mark.skopeo
@pytest.mark.parametrize("form", FORMATS)
def test_skopeo_reads_what_is_saved_and_its_copy_comes_back(store: Store, tmp_path: Path, form):
    image = add(store, "one", {"a": "1"}, {"b": "2"}, Cmd=["a"])
    path, copy = tmp_path / "saved.tar", tmp_path / "copy.tar"
    with path.open("wb") as out:
        save(store, ["one"], out, form)
    raw = subprocess.check_output(
        ["skopeo", "inspect", "--config", "--raw", f"{form}-archive:{path}"]
    )
    assert digest(raw) == image.image_id

    source, target = f"{form}-archive:{path}", f"{form}-archive:{copy}:two:latest"
    subprocess.run(["skopeo", "copy", "-q", "--insecure-policy", source, target], check=True)
    with copy.open("rb") as stream:
        (back,) = load(Store(tmp_path / "other"), stream)
    assert (back.reference, back.image_id) == ("two:latest", image.image_id)
