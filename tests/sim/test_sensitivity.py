"""Sensitivity: on a sum of waits the shares of the variance are known exactly."""

from dataclasses import replace

import pytest

from sim.cli import main
from sim.profile_files import write_profile
from sim.profiles import Isolation, Stage
from sim.sweep.sensitivity import Question, parameters, sobol, tornado
from tests.sim.profiles_made_up import profile


@pytest.fixture(scope="module")
def question():
    """One start waits 3 s, then 1 s, then works for no time."""
    stages = (
        Stage(name="long", cpu_s=(0.0,), wait_s=(3.0,)),
        Stage(name="short", cpu_s=(0.0,), wait_s=(1.0,)),
    )
    kind = Isolation(accelerator="none", stage=stages)
    whole = replace(profile(), isolation={"process": kind})
    return Question(whole, "process", 1, "makespan_s")


def test_the_tornado_is_the_size_of_each_part(question):
    assert parameters(question) == [
        "isolation.process.stage.long.wait_s",
        "isolation.process.stage.short.wait_s",
    ]
    long, short = tornado(question, 0.2)
    assert (long.low, long.high) == pytest.approx((3.4, 4.6))
    assert (short.low, short.high) == pytest.approx((3.8, 4.2))


def test_sobol_indices_of_a_sum_are_the_squares(question):
    """Var(3 x + y) = 9 Var(x) + Var(y): shares of 0.9 and 0.1, and no interaction."""
    found = sobol(question, parameters(question), 0.2, 256)
    assert [one.path.split(".")[3] for one in found] == ["long", "short"]
    for one, share in zip(found, (0.9, 0.1), strict=True):
        assert one.first == pytest.approx(share, abs=0.05)
        assert one.total == pytest.approx(share, abs=0.05)


def test_the_verb_prints_and_draws(tmp_path, capsys):
    write_profile(tmp_path / "p.toml", profile(spread=0.2))
    command = ["sensitivity", str(tmp_path / "p.toml"), "--isolation", "qemu", "--samples", "4"]
    assert main([*command, "-o", str(tmp_path / "t.svg")]) == 0
    out = capsys.readouterr().out
    assert "guest kernel.cpu_s" in out
    assert (tmp_path / "t.svg").read_text(encoding="utf-8").count("<path") > 10


@pytest.mark.parametrize(
    ("flags", "complaint"),
    [
        (["--isolation", "qmu"], "isolation 'qmu' is not in the profile; did you mean 'qemu'?"),
        (["--isolation", "qemu", "--samples", "3"], "--samples 3: expected a power of two"),
        (["--isolation", "qemu", "--quantity", "p5_s"], "--quantity p5_s: unknown; did you mean"),
    ],
)
def test_mistakes_are_one_line(tmp_path, capsys, flags, complaint):
    write_profile(tmp_path / "p.toml", profile())
    assert main(["sensitivity", str(tmp_path / "p.toml"), *flags]) == 2
    error = capsys.readouterr().err
    assert complaint in error
    assert error.count("\n") == 1
