"""The gate of the gates: abilities are asked honestly and promises are kept."""

from __future__ import annotations

import os
import tomllib
from pathlib import Path

import pytest

from tests.abilities import PROBES, in_namespaces, verdict

PYPROJECT = Path(__file__).parent.parent / "pyproject.toml"


@pytest.mark.parametrize(
    ("missing", "promised", "expected"),
    [
        (None, set(), "run"),
        (None, {"userns"}, "run"),
        ("EPERM", set(), "skip"),
        ("EPERM", {"overlay"}, "skip"),
        ("EPERM", {"userns"}, "fail"),
    ],
)
def test_a_missing_ability_skips_and_a_broken_promise_fails(missing, promised, expected):
    assert verdict("userns", missing, promised) == expected


def test_every_ability_is_a_mark_and_every_mark_but_slow_an_ability():
    settings = tomllib.loads(PYPROJECT.read_text(encoding="utf-8"))
    marks = {line.split(":")[0] for line in settings["tool"]["pytest"]["ini_options"]["markers"]}
    assert marks - {"slow"} == set(PROBES)


def test_probes_answer_none_or_one_line():
    for probe in PROBES.values():
        answer = probe()
        assert answer is None or (answer and "\n" not in answer)


def test_a_refused_call_is_named_with_its_reason():
    """A file system that no kernel has: the probe must say which call failed and why."""
    code = 'call("mount", b"none", b"/nowhere", b"nosuchfs", 0, None)'
    refused = in_namespaces(code)
    assert refused is not None
    assert refused.startswith("mount: ")


@pytest.mark.root
def test_a_marked_test_runs_only_where_the_machine_can():
    assert os.geteuid() == 0
