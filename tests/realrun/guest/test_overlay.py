"""What a guest writes over its image's disk: made whole or not at all, and for that disk only."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest

from realrun.errors import GuestFailed
from realrun.guest import backends, overlay, tools

SIZES = [1 << 20, (1 << 29) - 4096, 1 << 29, (1 << 29) + 4096, 5 << 40]


@pytest.fixture
def disk(tmp_path):
    path = tmp_path / "disk"
    path.write_bytes(b"x" * 8192)
    return path


@pytest.mark.parametrize("size", SIZES)
def test_a_qcow2_file_without_content_is_as_its_specification_says(size):
    """The fields of `docs/interop/qcow2.txt` at their offsets; every cluster is counted once."""
    clusters = overlay.empty_qcow2(size)
    header = clusters[0]
    assert (header[:4], *struct.unpack_from(">I", header, 4)) == (b"QFI\xfb", 3)
    (bits,) = struct.unpack_from(">I", header, 20)
    told_size, crypt, entries, table, counts = struct.unpack_from(">QIIQQ", header, 24)
    assert (told_size, crypt, bits) == (size, 0, 16)
    covered = entries * (1 << bits) * (1 << bits) // 8
    assert covered - (1 << 29) < size <= covered
    assert (table, counts) == (3 << bits, 1 << bits)
    assert struct.unpack_from(">Q", clusters[1]) == (2 << bits,)
    counted = struct.unpack(f">{len(clusters[2]) // 2}H", clusters[2])
    assert counted == (1,) * len(clusters)
    assert (len(clusters) - 3) << bits >= entries * 8


def test_what_was_written_stays_on_its_disk_and_no_other(tmp_path, disk):
    folder = tmp_path / "disk-of"
    overlay.prepare(folder, "qemu", disk)
    file = folder / "kept" / "image.qcow2"
    assert file.stat().st_size == 4 * overlay.CLUSTER
    with open(file, "r+b") as there:
        there.write(b"mine")
    overlay.prepare(folder, "qemu", disk)
    assert file.read_bytes()[:4] == b"mine"
    disk.write_bytes(b"y" * 4096)
    with pytest.raises(GuestFailed, match=r"made anew.*remove the container"):
        overlay.prepare(folder, "qemu", disk)


@pytest.mark.parametrize("left", [0, 5000])
def test_a_file_that_was_not_finished_is_begun_anew(tmp_path, disk, left):
    """User-Mode Linux makes its own, and was killed meanwhile; also on a disk made anew."""
    folder = tmp_path / "disk-of"
    file = folder / "kept" / "image.cow"
    file.parent.mkdir(parents=True)
    (folder / "base").write_text("of another disk")
    (folder / "new").write_text("half of")
    file.write_bytes(b"x" * left)
    overlay.prepare(folder, "uml", disk)
    assert not file.exists()
    file.write_bytes(b"x" * 9000)
    overlay.prepare(folder, "uml", disk)
    assert overlay.written_bytes(folder) == file.stat().st_blocks * 512


@pytest.mark.parametrize("isolation", overlay.NAMES)
def test_a_link_of_a_guest_leads_us_nowhere(tmp_path, disk, isolation):
    """Root in a guest of User-Mode Linux writes what he likes where the monitor may."""
    folder, secret = tmp_path / "disk-of", tmp_path / "secret"
    secret.write_bytes(b"x" * 9000)
    kept = folder / "kept"
    kept.mkdir(parents=True)
    for name in ("base", "new", overlay.NAMES[isolation]):
        (kept / name).symlink_to(secret)
    overlay.prepare(folder, isolation, disk)
    assert secret.read_bytes() == b"x" * 9000
    assert not (kept / overlay.NAMES[isolation]).is_symlink()
    assert overlay.written_bytes(folder) < 3 * overlay.CLUSTER


def test_nothing_written_is_nothing_counted(tmp_path):
    assert overlay.written_bytes(tmp_path / "nowhere") == 0


def test_the_monitor_is_told_of_it(monkeypatch):
    """The image's own disk is never written to; the guest's system begins anew."""
    monkeypatch.setattr(tools, "need", lambda name: tools.Tool(Path("/t") / name, None))
    machine = backends.Machine(
        "/f", "/disk", "/initrd", 96, 1, "tcg", kernel="/k", system="/system", written="/w"
    )
    words = " ".join(backends.BACKENDS["qemu"].argv(machine))
    over = "file=/written/image.qcow2,format=qcow2,backing.driver=raw,backing.file.filename=/disk"
    assert f"-drive {over},if=none,id=image" in words
    assert "-drive file=/system,format=raw,snapshot=on,if=none,id=system" in words
    words = " ".join(backends.BACKENDS["uml"].argv(machine))
    assert "ubd0=/written/image.cow,/disk ubd1=cow1,/system" in words
    assert overlay.lent("/w") == [("/w/kept", "/written", False)]
    assert overlay.lent("") == []
