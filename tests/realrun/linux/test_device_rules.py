"""Which devices may be used: the program of cgroup version 2, asked by the kernel itself."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from realrun.errors import UsageError
from realrun.linux import device_rules
from realrun.oci import groups

pytestmark = pytest.mark.root
DENY_ALL = {"allow": False, "access": "rwm"}
NULL = {"type": "c", "major": 1, "minor": 3}
SCRIPT = """
exec 2>&-
echo $$ > $1/cgroup.procs || exit 99
(: < /dev/null) && echo read
(: > /dev/null) && echo write
(: < /dev/zero) && echo zero
mknod $2 c 1 3 && echo make
exit 0
"""


@pytest.fixture
def group() -> Iterator[Path]:
    """A group of version 2: it needs no controller for this."""
    _, trees = groups.trees(Path("/proc/self/mountinfo").read_text())
    if "" not in trees:
        pytest.skip("no cgroup version 2 is mounted here")
    folder = Path(trees[""][0]) / f"realrun-devices-{os.getpid()}"
    folder.mkdir()
    yield folder
    folder.rmdir()


@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        ([], "make read write zero"),
        ([DENY_ALL], ""),
        ([DENY_ALL, {"allow": True, **NULL, "access": "r"}], "read"),
        ([DENY_ALL, {"allow": True, **NULL, "access": "rwm"}], "make read write"),
        ([DENY_ALL, {"allow": True, "type": "c", "access": "m"}], "make"),
        ([{"allow": False, **NULL, "access": "w"}], "make read zero"),
        ([DENY_ALL, {"allow": True, "type": "c", "major": 1}], "make read write zero"),
        ([{"allow": True, "access": "rwm"}, DENY_ALL], ""),
    ],
)
def test_the_last_rule_that_matches_decides(group, tmp_path, rules, expected):
    if rules:
        device_rules.attach(str(group), rules)
    command = ["bash", "-c", SCRIPT, "sh", str(group), str(tmp_path / "node")]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert sorted(done.stdout.split()) == expected.split()


def test_a_rule_that_makes_no_sense_is_refused():
    with pytest.raises(UsageError, match="type is a, b or c"):
        device_rules.lines([{"allow": True, "type": "x"}])
