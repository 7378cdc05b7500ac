"""The page cache, on a file of our own: in it, out of it, and held by somebody."""

from __future__ import annotations

import mmap
import os

import pytest

from realrun.linux import pagecache
from realrun.measure import caches

PAGES = 64


@pytest.fixture
def file(tmp_path):
    """A file on a disk; what lies in memory only cannot be put out."""
    path = tmp_path / "file"
    path.write_bytes(os.urandom(PAGES * mmap.PAGESIZE - 100))
    pagecache.evict([path])
    if pagecache.cached_ratio([path]):
        pytest.skip(f"{tmp_path} lies on a file system without a page cache of its own")
    return path


def test_what_was_read_is_in_it_and_what_was_put_out_is_not(file):
    file.read_bytes()
    assert pagecache.pages(file) == (PAGES, PAGES)
    pagecache.evict([file])
    assert pagecache.pages(file) == (0, PAGES)


def test_what_was_just_written_is_put_out_too(file):
    file.write_bytes(bytes(PAGES * mmap.PAGESIZE))
    assert caches.make_cold([file]) == "cold"


def test_what_somebody_has_mapped_stays_and_is_no_cold_start(file):
    with open(file, "rb") as opened, mmap.mmap(opened.fileno(), 0, prot=mmap.PROT_READ) as view:
        assert view[0] == file.read_bytes()[0]
        assert caches.make_cold([file]) == "unknown"


def test_files_that_are_empty_or_gone_do_not_count(tmp_path):
    (tmp_path / "empty").touch()
    pagecache.evict([tmp_path / "empty", tmp_path / "gone"])
    assert pagecache.cached_ratio([tmp_path / "empty", tmp_path / "gone"]) == 0.0


def test_links_and_folders_are_followed_no_further(tmp_path):
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder/file").write_text("x")
    (tmp_path / "link").symlink_to("folder/file")
    (tmp_path / "loop").symlink_to(".")
    assert list(caches.files([tmp_path])) == [tmp_path / "folder/file"]
