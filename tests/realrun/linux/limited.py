"""What the tests of limits share: an instance that runs, and what its control group says."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from realrun.linux import cgroups
from realrun.runtime.run import Run, drive, stop

HERE = cgroups.detect()
V2 = HERE.version == "v2"
MIB = 1 << 20
NOT_OURS = "the tops of the hierarchies are not ours to write to"
NEEDED = [
    pytest.mark.root,
    pytest.mark.cgroup,
    pytest.mark.overlay,
    pytest.mark.skipif(not HERE.writable, reason=NOT_OURS),
]


@contextmanager
def going_on(stage, *words, **wishes) -> Iterator[Run]:
    """An instance that runs."""
    run = stage.begin(*(words or ("sleep", "1000")), **wishes)
    try:
        drive([run], stage.starter, until=Run.begun)
        yield run
    finally:
        stop(run, stage.starter)


def said(run: Run, controller: str, file: str) -> list[str]:
    """The words of a file of the instance's group."""
    [folder] = cgroups.folders(HERE, run.id, [controller])
    return cgroups.read_words(f"{folder}/{file}")
