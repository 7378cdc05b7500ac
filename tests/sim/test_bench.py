"""The two measurements of `sim bench`, small: that they measure what they say, and print it."""

from pathlib import Path

import pytest

from sim import bench
from sim.cli import main
from sim.errors import ModelBroken
from sim.profile_files import read_profile

PUBLISHED = read_profile(Path(__file__).parents[2] / "data" / "profiles" / "published.toml")


def test_every_life_ends_and_the_same_seed_finds_the_same():
    first, again = (bench.lifecycles(PUBLISHED, "microvm", 500, hosts=20) for _ in range(2))
    assert (first.ended, first.instances) == (500, 500)
    same = "ended", "events", "most_running", "start_p50_s", "start_p99_s"
    assert [getattr(first, name) for name in same] == [getattr(again, name) for name in same]
    assert first.start_p50_s == pytest.approx(0.143, rel=0.01)  # 12 + 20 + 110 + 1 ms, uncrowded


def test_the_storm_in_simpy_alone_has_no_fewer_events():
    found = bench.overhead(PUBLISHED, "container", repeats=2)
    assert found.starts == PUBLISHED.host.cores
    assert found.ours_events <= found.bare_events
    assert found.ratio > 0


def test_a_model_that_disagrees_with_simpy_is_broken(monkeypatch):
    real = bench.bare

    def later(*args):
        timed = real(*args)
        return timed._replace(ready_s=[at_s + 1e-3 for at_s in timed.ready_s])

    monkeypatch.setattr(bench, "bare", later)
    with pytest.raises(ModelBroken, match="s in SimPy alone"):
        bench.overhead(PUBLISHED, "container", repeats=1)


def test_the_command_prints_both(capsys):
    assert main(["bench", "--lives", "100,200"]) == 0
    out = capsys.readouterr().out
    assert "times as long as SimPy alone" in out
    assert "time grows with the number of lives to the power" in out
