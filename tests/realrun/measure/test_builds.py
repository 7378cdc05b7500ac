"""bench build: small real turns, what is missing said to be missing, and promises judged."""

from __future__ import annotations

import json
import os
import sys
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from realrun.errors import RealRunError
from realrun.measure import builds, docker, promises
from realrun.measure.ratios import compare
from realrun.measure.rows import BuildRow
from realrun.measure.timing import timed
from tests.realrun.stage import cli, everything_left

OURS = {("build", "realrun"), ("build again", "realrun"), ("build again", "python")}
LAYERS = {
    ("layer built", "realrun"), ("layer saved", "realrun"), ("layer loaded", "realrun"),
    ("layer hashed", "tar | sha256sum"),
}  # fmt: skip


@pytest.mark.overlay
def test_without_docker_the_rest_is_measured_and_docker_said_to_be_missing(root, monkeypatch):
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    monkeypatch.setattr(docker, "missing", lambda: "there is no dockerd here")
    place = builds.builds(size_mib=5, runs=2, layer_runs=1, seed=3)

    assert (place.failed, place.skipped) == ([], {"docker": "there is no dockerd here"})
    counts = Counter((row.task, row.who, row.size_mib) for row in place.rows)
    assert counts == {
        **{(*key, 0): 3 for key in OURS},
        **{(*key, size): 2 for key in LAYERS for size in (1, 5)},
    }
    assert all(row.first == (row.run == 0) and row.duration_s > 0 for row in place.rows)
    assert all(row.cpu_s is not None and row.peak_mib > 1 for row in place.rows)
    assert everything_left(root) == []


@pytest.mark.overlay
def test_the_table_for_people_and_for_programs(root, tmp_path, monkeypatch):
    """With Docker, where there is one."""
    words = ("bench", "build", "--runs=1", "--layer-runs=1", "--size=1m", "--seed=2")
    done = cli(*words, "--json", "-o", str(tmp_path))
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["meta"]["failed"] == []
    who = {row["who"] for row in told["rows"]}
    assert who >= {"realrun", "python", "tar | sha256sum"}
    if docker.missing():
        assert "docker" in told["meta"]["skipped"]
    else:
        assert who >= set(builds.BUILDERS)
        assert told["meta"]["versions"]["docker"]
    assert sorted(os.listdir(tmp_path)) == ["build.csv", "build.meta.json"]


@pytest.mark.parametrize("words", ["--runs=0", "--layer-runs=0", "--size=10k", "--size=big"])
def test_numbers_that_make_no_sense_are_refused(words):
    done = cli("bench", "build", words)
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)


def test_a_command_that_fails_is_no_time(tmp_path):
    with pytest.raises(RealRunError, match=r"sh failed \(exit code 3\): no luck today"):
        timed(["sh", "-c", "echo no luck; echo today >&2; exit 3"], os.environ, tmp_path)
    with pytest.raises(RealRunError, match="exit code 127"):
        timed(["/no/such/program"], os.environ, tmp_path)


def test_time_and_memory_are_those_of_the_command(tmp_path):
    """Not of the process that measures, however large that is."""
    ballast = bytearray(os.urandom(1 << 20) * 100)
    small = timed(["sh", "-c", "sleep 0.2"], os.environ, tmp_path)
    large = "x = bytearray(b'x' * (60 << 20)); sum(range(3_000_000))"
    busy = timed([sys.executable, "-c", large], os.environ, tmp_path)
    assert len(ballast) == 100 << 20
    assert small.duration_s >= 0.2
    assert small.cpu_s < 0.2
    assert small.peak_mib < 30 < 60 < busy.peak_mib < 200
    assert busy.cpu_s > 0


@given(st.lists(st.floats(0.1, 10), min_size=1, max_size=9), st.floats(0.5, 2))
def test_a_comparison_with_ones_own_values_contains_their_ratio(values: list[float], factor):
    found = compare([factor * value for value in values], values)
    assert found.low <= found.median <= found.high
    assert found.median == pytest.approx(factor)
    assert compare(values, values) == compare(values, values)


def rows(task: str, who: str, *seconds: float, size_mib: int = 0) -> list[BuildRow]:
    """Turns after a first one that took for ever."""
    return [
        BuildRow("m", "container", "none", task, who, size_mib, run, int(run == 0), run, one, 1, 1)
        for run, one in enumerate((99.0, *seconds))
    ]


def test_a_promise_is_kept_or_broken_only_if_that_is_sure():
    ours = rows("build", "realrun", 1, 1.1, 1.2)
    verdicts = {}
    for name, theirs in {
        "fast": (1, 1.1, 1.2),
        "slow": (3, 3.1, 3.2),
        "even": (2, 2.3, 2.6),
    }.items():
        (kept,) = promises.kept([*ours, *rows("build", "docker, classic", *theirs)])
        verdicts[name] = kept.verdict
    assert verdicts == {"fast": "broken", "slow": "kept", "even": "not sure"}


def test_what_a_cached_build_takes_is_counted_beyond_pythons_own_start():
    found = [
        *rows("build again", "realrun", 0.09, 0.09),
        *rows("build again", "python", 0.02, 0.02),
    ]
    header, line = promises.lines(found)
    assert line[1:] == ("0.070 s", "0.070 - 0.070", "0.1 s", "kept")
    assert len(header) == len(line)


def test_every_size_of_a_layer_is_compared_with_its_own_files():
    found = [
        row
        for size in (1, 5)
        for row in [
            *rows("layer saved", "realrun", size, size, size_mib=size),
            *rows("layer hashed", "tar | sha256sum", size / 2, size / 2, size_mib=size),
        ]
    ]
    assert [(one.size_mib, one.found.median, one.verdict) for one in promises.kept(found)] == [
        (1, 2.0, "kept"), (5, 2.0, "kept")
    ]  # fmt: skip


def test_files_of_a_layer_are_the_same_for_every_run(tmp_path: Path):
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        builds.fill(tmp_path / name, 3)
    files = [
        {path.name: path.read_bytes() for path in (tmp_path / name).iterdir()}
        for name in ("a", "b")
    ]
    assert files[0] == files[1]
    assert sum(map(len, files[0].values())) == 3 << 20
