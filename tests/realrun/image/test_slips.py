"""Archives that try to get out: ours stay inside, the standard library's do not."""

from __future__ import annotations

import contextlib
import io
import os
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

from realrun.errors import BadImage
from realrun.files.remove import remove_tree
from tests.realrun.image.slips import SLIPS, renamed
from tests.realrun.trees import archive, member, snapshot, unpacked


@pytest.mark.timeout(60)
@pytest.mark.parametrize("case", SLIPS)
def test_nothing_leaves_the_layer(tmp_path: Path, case: str):
    """Refused or contained: outside, nothing is read, written, linked or changed."""
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret").write_text("untouched")
    before = snapshot(outside)
    members = [(renamed(info, outside), data) for info, data in SLIPS[case]]
    with contextlib.suppress(BadImage):
        unpacked(archive(members), tmp_path / "layer")

    assert snapshot(outside) == before
    assert (outside / "secret").stat().st_nlink == 1
    assert sorted(os.listdir(tmp_path)) == ["layer", "outside"]
    remove_tree(tmp_path / "layer")


EXTRACT = """
import sys, tarfile
more = {"filter": sys.argv[3]} if hasattr(tarfile, "data_filter") else {}
with tarfile.open(sys.argv[1]) as tar:
    tar.extractall(sys.argv[2], **more)
"""
HAS_FILTERS = (
    "import os, tarfile; tarfile.data_filter; assert not hasattr(os.path, 'ALLOW_MISSING')"
)
MENDED = hasattr(os.path, "ALLOW_MISSING")  # came with the repair of CVE-2025-4517, CVE-2025-8194


def python_with_filters() -> str:
    """A Python here whose tarfile has filters, from before CVE-2025-4517 was repaired."""
    for python in filter(None, (sys.executable, shutil.which("python3"))):
        words = [python, "-c", HAS_FILTERS]
        if not subprocess.run(words, check=False, stderr=subprocess.DEVNULL).returncode:
            return python
    pytest.skip("every Python here has a tarfile without filters, or a mended one")


@pytest.mark.parametrize(
    ("case", "guard"),
    [("absolute link then file", "fully_trusted"), ("hard link", "tar"), ("long links", "data")],
)
def test_the_standard_library_does_not_contain_all_of_them(tmp_path: Path, case: str, guard: str):
    """Why there is an extractor here: each of tarfile's filters is led out by one of these."""
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret").write_text("untouched")
    before = snapshot(outside), (outside / "secret").stat().st_nlink
    members = [(renamed(info, outside), body) for info, body in SLIPS[case]]
    (tmp_path / "evil.tar").write_bytes(archive(members))
    python = sys.executable if guard == "fully_trusted" else python_with_filters()
    words = [
        python,
        "-W",
        "ignore",
        "-c",
        EXTRACT,
        *map(str, (tmp_path / "evil.tar", tmp_path / "to")),
    ]
    subprocess.run([*words, guard], timeout=60, check=False)

    assert (snapshot(outside), (outside / "secret").stat().st_nlink) != before


def test_a_negative_size_is_no_endless_archive(tmp_path: Path):
    """tarfile goes back and reads the same header again (CVE-2025-8194), unless it was mended."""
    data = bytearray(archive([member("f", data=b"abc"), member("g")]))
    data[1148:1160] = (-512).to_bytes(12, "big", signed=True)
    data[1172:1180] = b" " * 8
    data[1172:1180] = b"%06o\0 " % sum(data[1024:1536])
    with pytest.raises(BadImage, match="negative size"):
        unpacked(bytes(data), tmp_path / "layer")
    if not MENDED:
        with tarfile.open(fileobj=io.BytesIO(data)) as tar:
            assert sum(1 for _ in zip(range(1000), tar, strict=False)) == 1000
