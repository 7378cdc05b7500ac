"""Whatever a file system can hold comes through layers, archives and a foreign tool unchanged."""

from __future__ import annotations

import bz2
import gzip
import json
import os
import shutil
import stat
import struct
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from realrun.errors import BadImage, Missing
from realrun.image import Image, Store
from realrun.image import config as configs
from realrun.image.layers import pack
from realrun.image.load import load
from realrun.image.save import FORMATS, save
from tests.realrun.image.archives import digest, files_of, loaded, packed, saved
from tests.realrun.image.stores import add
from tests.realrun.trees import snapshot

HOLE = 48 << 20
# struct vfs_cap_data, revision 2: effective; CAP_NET_RAW permitted
CAPABILITY = struct.pack("<5I", 0x02000001, 1 << 13, 0, 0, 0)


def odd_tree(top: Path) -> Path:
    """One of each kind that layers have, with every attribute that they carry."""
    top.mkdir()
    top.chmod(0o751)
    raw = os.fsencode(top)
    for name in (b"plain", b"n" * 255, b"\xff\xfe\x01", "ünï".encode(), b" blank\nline", b".wh"):
        with open(raw + b"/" + name, "wb") as out:
            out.write(name)
    deep = top
    for number in range(40):
        deep /= f"{number:02}" + "d" * 22
    deep.mkdir(parents=True)
    (deep / "file").write_text("deep")
    (top / "link").symlink_to("/t" * 150)
    (top / "dangling").symlink_to("../../nowhere")
    os.link(top / "plain", top / "second")
    os.mkfifo(top / "fifo")
    (top / "empty").mkdir()
    (top / "sticky").mkdir()
    with open(top / "sparse", "wb") as out:
        out.write(b"begin")
        out.seek(HOLE)
        out.write(b"end")
        out.truncate(2 * HOLE)
    os.setxattr(top / "plain", "user.note", bytes(range(256)))
    os.setxattr(top / "sticky", "user.empty", b"")
    if os.geteuid() == 0:
        as_root(top)
    for name, mode in {"plain": 0o4755, "second": 0o6711, "sticky": 0o1777, "empty": 0}.items():
        (top / name).chmod(mode)
    for name, seconds in {"plain": -86_400, "link": 2**34, "sparse": 0, "sticky": 2**33}.items():
        os.utime(top / name, ns=(0, seconds * 10**9), follow_symlinks=False)
    return top


def as_root(top: Path) -> None:
    """Owners above what a plain header holds, devices, capabilities."""
    os.chown(top / "plain", 3_000_000, 4_000_000)
    os.chown(top / "link", 7, 8, follow_symlinks=False)
    os.chown(top / "sticky", 65_534, 2_097_152)
    os.mknod(top / "device", stat.S_IFCHR | 0o620, os.makedev(5, 300))
    os.mknod(top / "disk", stat.S_IFBLK | 0o600, os.makedev(259, 3))
    os.setxattr(top / "n".ljust(255, "n"), "security.capability", CAPABILITY)


@pytest.fixture
def image(store: Store) -> Image:
    with store.workspace("test") as scratch:
        layer = pack(odd_tree(scratch / "tree"), scratch / "blob")
        document = configs.make(
            config={"Cmd": ["x"]},
            diff_ids=[layer.diff_id],
            history=[{}],
            created=configs.timestamp(0),
        )
        return store.add(document, [layer], "odd")


def check(image: Image, back: Image) -> None:
    """Every file with every attribute; holes are holes again."""
    assert (back.image_id, back.diff_ids) == (image.image_id, image.diff_ids)
    there, here = back.layers[0], image.layers[0]
    assert snapshot(there) == snapshot(here)
    assert stat.S_IMODE(there.stat().st_mode) == 0o755  # of the root a layer says nothing
    assert (there / "sparse").stat().st_blocks * 512 < HOLE // 8
    if os.geteuid() == 0:
        kept = os.getxattr(there / ("n" * 255), "security.capability")
        assert kept == CAPABILITY
        for name in ("device", "disk"):
            assert (there / name).stat().st_rdev == (here / name).stat().st_rdev


@pytest.mark.parametrize("form", FORMATS)
def test_what_goes_out_and_in_is_the_same(store: Store, image: Image, tmp_path: Path, form: str):
    with open(tmp_path / "archive", "w+b") as out:
        save(store, ["odd"], out, form)
        assert (
            os.fstat(out.fileno()).st_size > 2 * HOLE > 8 * 512 * os.fstat(out.fileno()).st_blocks
        )
        out.seek(0)
        (back,) = load(Store(tmp_path / "other"), out)
    check(image, back)


def test_a_layer_with_holes_takes_no_room_for_them(store: Store, image: Image):
    (layer,) = image.stored
    blob = store.layout.blob(layer.digest).stat()
    assert blob.st_size == layer.size > 2 * HOLE
    assert blob.st_blocks * 512 < HOLE // 8


def test_unpacking_it_again_gives_the_same(store: Store, image: Image):
    before = snapshot(image.layers[0])
    shutil.move(image.layers[0], store.root / "moved")
    assert snapshot(store.resolve("odd").layers[0]) == before


@pytest.mark.skopeo
@pytest.mark.parametrize("form", FORMATS)
def test_a_foreign_tool_brings_it_back(store: Store, image: Image, tmp_path: Path, form: str):
    """Read from our store and from our archive, written anew and compressed by skopeo."""
    with open(tmp_path / "ours.tar", "w+b") as out:
        save(store, ["odd"], out, form)
    for number, source in enumerate(
        (f"oci:{store.layout.path}:odd:latest", f"{form}-archive:{tmp_path}/ours.tar")
    ):
        target = tmp_path / f"copy-{number}.tar"
        command = ["skopeo", "copy", "-q", source, f"oci-archive:{target}:odd:latest"]
        subprocess.run(command, check=True, timeout=120)
        with open(target, "rb") as stream:
            (back,) = load(Store(tmp_path / f"other-{number}"), stream)
        assert back.stored[0].media_type.endswith("+gzip")
        assert back.diff_ids == image.diff_ids
        assert snapshot(back.layers[0]) == snapshot(image.layers[0])


def zstd(data: bytes) -> bytes:
    if shutil.which("zstd") is None:
        pytest.skip("no zstd here to compress with")
    return subprocess.run(["zstd", "-cq"], input=data, stdout=subprocess.PIPE, check=True).stdout


def squeezed(store: Store, squeeze: Callable[[bytes], bytes], form: str) -> bytes:
    """The archive of image `one`, its layer compressed."""
    files = files_of(saved(store, "one", form=form))
    if form == "docker":
        name = json.loads(files["manifest.json"])[0]["Layers"][0]
        files[name] = squeeze(files[name])
        return packed(files)
    (entry,) = json.loads(files["index.json"])["manifests"]
    manifest = json.loads(files.pop(f"blobs/sha256/{entry['digest'][7:]}"))
    (layer,) = manifest["layers"]
    data = squeeze(files.pop(f"blobs/sha256/{layer['digest'][7:]}"))
    kind = "gzip" if data[:2] == b"\x1f\x8b" else "zstd"
    layer |= {"digest": digest(data), "size": len(data), "mediaType": f"{TAR}+{kind}"}
    text = json.dumps(manifest).encode()
    files |= {f"blobs/sha256/{digest(one)[7:]}": one for one in (data, text)}
    entry |= {"digest": digest(text), "size": len(text)}
    files["index.json"] = json.dumps({"schemaVersion": 2, "manifests": [entry]}).encode()
    return packed(files)


TAR = "application/vnd.oci.image.layer.v1.tar"


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("squeeze", [gzip.compress, zstd])
def test_compressed_layers_keep_their_form(store: Store, tmp_path: Path, squeeze, form: str):
    image = add(store, "one", {"a": "1" * 5000})
    other = Store(tmp_path / "other")
    assert loaded(other, squeezed(store, squeeze, form)) == ["one:latest"]
    back = other.resolve("one")
    assert back.diff_ids == image.diff_ids
    assert back.stored[0].media_type == f"{TAR}+{'zstd' if squeeze is zstd else 'gzip'}"
    assert snapshot(back.layers[0]) == snapshot(image.layers[0])
    assert saved(other, "one") == saved(store, "one")  # Docker's form is never compressed
    shutil.rmtree(back.layers[0])
    assert snapshot(other.resolve("one").layers[0]) == snapshot(image.layers[0])


def test_what_cannot_be_decompressed_here_is_said_in_a_line(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    add(store, "one", {"a": "1"})
    by_zstd = squeezed(store, zstd, "docker")
    by_bzip2 = squeezed(store, bz2.compress, "docker")
    other = Store(tmp_path / "other")
    with pytest.raises(BadImage, match="bzip2 or xz, for which OCI has no name"):
        loaded(other, by_bzip2)
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(Missing, match="apt install zstd"):
        loaded(other, by_zstd)
    assert other.images() == []
