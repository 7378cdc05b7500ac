"""What files take on a disk: blocks, not lengths, and each file once."""

from __future__ import annotations

import os
import random

import pytest

from realrun.measure import diskuse

MIB = 1 << 20


def test_a_sparse_file_takes_what_is_written_of_it(tmp_path):
    with open(tmp_path / "sparse", "wb") as file:
        file.write(random.Random(1).randbytes(MIB))
        os.ftruncate(file.fileno(), 64 * MIB)
        os.fsync(file.fileno())
    found = diskuse.size(diskuse.below([tmp_path]))
    assert found.apparent_mib == 64
    assert 1 <= found.allocated_mib < 2


def test_what_has_two_names_counts_once(tmp_path):
    (tmp_path / "a").write_bytes(random.Random(1).randbytes(MIB))
    once = diskuse.size(diskuse.below([tmp_path]))
    os.link(tmp_path / "a", tmp_path / "b")
    assert diskuse.size(diskuse.below([tmp_path, tmp_path])) == once
    assert once.apparent_mib == 1


def test_an_open_file_without_a_name_is_found(tmp_path):
    """As the overlay of a monitor's disk is; one with a name is found by that."""
    device = os.stat(tmp_path).st_dev
    before = diskuse.size(diskuse.nameless([os.getpid()], device)).apparent_mib
    with open(tmp_path / "deleted", "wb") as file, open(tmp_path / "kept", "wb"):
        file.write(bytes(MIB))
        file.flush()
        (tmp_path / "deleted").unlink()
        found = diskuse.size(diskuse.nameless([os.getpid()], device))
        assert found.apparent_mib == before + 1
        assert list(diskuse.nameless([os.getpid()], device + 1)) == []


def test_a_process_that_has_ended_has_no_files():
    assert list(diskuse.nameless([2**22 + 1], 0)) == []


def test_a_disk_is_a_block_device_or_nothing(tmp_path):
    device = diskuse.device_of(tmp_path)
    if not device:
        pytest.skip("the file system of the temporary folder is on no block device")
    assert device.startswith("/dev/")
    assert os.path.exists(device)
