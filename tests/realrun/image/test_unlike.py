"""From all files of a guest to the layer that a container would have written."""

from __future__ import annotations

import io
import os
import shutil
import stat
import tarfile
from pathlib import Path

import pytest

from realrun.errors import BadImage
from realrun.image.changes import changes
from realrun.image.merged import Merged, Node, make_upper
from realrun.image.tarread import TarReader
from realrun.image.unlike import unpack_unlike


@pytest.fixture
def layer(tmp_path: Path) -> Path:
    """An image."""
    top = tmp_path / "layer"
    for name in ("etc", "bin", "dir/sub", "was/deep", "kept/below"):
        (top / name).mkdir(parents=True)
    for name in ("etc/conf", "bin/tool", "gone", "dir/sub/inner", "was/deep/file", "kept/below/x"):
        (top / name).write_text(f"{name}\n")
    os.symlink("etc/conf", top / "link")
    os.link(top / "bin/tool", top / "bin/again")
    os.mkfifo(top / "fifo")
    return top


@pytest.fixture
def full(layer: Path, tmp_path: Path) -> Path:
    """The same files in a guest, before it does anything: its archive has whole seconds."""
    copy = tmp_path / "full"
    for path in (*layer.rglob("*"), layer):
        os.utime(path, ns=(10**18, 10**18), follow_symlinks=False)
    shutil.copytree(layer, copy, symlinks=True, ignore=shutil.ignore_patterns("fifo", "again"))
    os.mkfifo(copy / "fifo")
    os.link(copy / "bin/tool", copy / "bin/again")
    return copy


def as_inside(info: tarfile.TarInfo) -> tarfile.TarInfo:
    """An ordinary user is root in his guest."""
    if os.geteuid():
        info.uid = info.gid = 0
    return info


def upper_of(full: Path, layer: Path, tmp_path: Path) -> Path:
    """The layer that makes the image what the guest has."""
    packed, init = io.BytesIO(), tmp_path / "init"
    (init / "etc").mkdir(parents=True)
    (init / "etc/hosts").touch()
    (init / "proc").mkdir()
    with tarfile.open(fileobj=packed, mode="w", format=tarfile.GNU_FORMAT) as archive:
        archive.add(full, ".", filter=as_inside)
    packed.seek(0)
    upper = make_upper(tmp_path / "upper", layer)
    unpack_unlike(TarReader(packed.read), [layer], init, upper)
    return upper


def listed(full: Path, layer: Path, tmp_path: Path) -> list[str]:
    found = changes([layer], upper_of(full, layer, tmp_path))
    return [f"{one.kind} {one.path}" for one in found]


def test_a_guest_that_has_written_nothing_has_changed_nothing(full, layer, tmp_path):
    """What its init made for the engine's sake does not count, nor does a second name."""
    (full / "etc/hosts").touch()
    (full / "proc").mkdir()
    upper = upper_of(full, layer, tmp_path)
    assert os.listdir(upper) == []


def write(full: Path) -> None:
    """One change of every kind."""
    (full / "etc/new").write_text("new")
    (full / "bin/tool").chmod(0o700)
    (full / "gone").unlink()
    shutil.rmtree(full / "was")
    (full / "was").write_text("a file now")
    shutil.rmtree(full / "kept")
    (full / "kept").mkdir()
    os.link(full / "dir/sub/inner", full / "inner")
    (full / "link").unlink()
    os.symlink("etc/new", full / "link")
    (full / "dir").chmod(0o711)
    (full / "fifo").unlink()
    (full / "fifo").mkdir()


def test_every_kind_of_change_is_told_as_of_a_container(full, layer, tmp_path):
    write(full)
    assert listed(full, layer, tmp_path) == [
        "C /bin", "C /bin/again", "C /bin/tool", "C /dir", "C /etc", "A /etc/new", "C /fifo",
        "D /gone", "A /inner", "C /kept", "D /kept/below", "C /link", "C /was",
    ]  # fmt: skip


def test_on_top_of_the_image_it_is_what_the_guest_had(full, layer, tmp_path):
    write(full)
    upper = upper_of(full, layer, tmp_path)
    image = Merged([layer, upper])
    assert dict(seen(image, image.root)) == dict(seen(Merged([full]), Merged([full]).root))


def seen(image: Merged, folder: Node):
    """Every name, with what a program would see of it."""
    for node in image.children(folder):
        kind = stat.S_IFMT(node.status.st_mode)
        content = node.path.read_bytes() if stat.S_ISREG(kind) else b""
        mode = 0 if stat.S_ISLNK(kind) else stat.S_IMODE(node.status.st_mode)
        link = os.readlink(node.path) if stat.S_ISLNK(kind) else ""
        yield node.parts, (kind, mode, content, link)
        if node.is_directory:
            yield from seen(image, node)


@pytest.mark.parametrize(
    ("names", "why"),
    [
        (["./a/b"], "comes before its directory"),
        (["./", "./.wh.a"], "keep names with .wh."),
        (["./", "./../a"], "climbs out"),
    ],
)
def test_what_no_guest_should_send_is_refused(layer, tmp_path, names, why):
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        for name in names:
            one = tarfile.TarInfo(name)
            one.type = tarfile.DIRTYPE if name.endswith("/") else tarfile.REGTYPE
            archive.addfile(one)
    packed.seek(0)
    upper = make_upper(tmp_path / "upper", layer)
    with pytest.raises(BadImage, match=why):
        unpack_unlike(TarReader(packed.read), [layer], layer, upper)
