"""Experiments from Python: tidy frames, with where they are from."""

from __future__ import annotations

import pytest

from realrun.errors import UsageError
from realrun.measure import frames
from realrun.measure.catalogue import EXPERIMENTS
from realrun.measure.rows import TABLES, columns

pytestmark = pytest.mark.overlay


def test_an_experiment_is_a_frame_with_its_certificate(root):
    """One row an instance, the columns of the contract, and who measured it, where and when."""
    found = frames.density(isolations=["container"], n=(3,), blocks=(1, 1))
    assert list(found.columns) == columns(TABLES["density"])
    assert list(found["n"]) == [1, 2, 3]
    assert list(found["stop"]) == ["", "", "most"]
    assert set(found["machine"]) == {found.attrs["machine"]}
    assert set(found["session"]) == {found.attrs["session"]}


def test_there_is_a_function_for_each_table(root):
    """Which says what it measures; nothing is measured for an unknown name."""
    for name in EXPERIMENTS.keys() - {"instrument"}:
        assert name in getattr(frames, name).__doc__
    with pytest.raises(UsageError, match="nonsense"):
        frames.measured("nonsense")
