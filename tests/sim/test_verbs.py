"""`sim validate DIR` and `sim explain`: every held-out point, every parameter with its origin."""

import pytest

from sim.cli import main
from sim.engine.streams import stream
from sim.model.host import build_host
from sim.model.instance import start
from sim.profiles import Host, Isolation, Stage
from sim.verbs.explain import SILENT, UNSAID, listed
from tests.sim import made_up
from tests.sim.test_curves import PROFILES


@pytest.fixture(scope="module")
def measured(tmp_path_factory):
    return made_up.tables(tmp_path_factory.mktemp("measured"), ("process", "qemu"))


def test_validate_prints_and_draws_every_held_out_point(tmp_path, measured, capsys):
    chart = tmp_path / "chart.svg"
    assert main(["validate", str(measured), "--out", str(chart)]) == 0
    out = capsys.readouterr().out
    for quantity in ("storm makespan [s]", "storm p50 [s]", "storm p95 [s]", "memory pss [MiB]"):
        assert quantity in out
    assert "medians within their aim" in out
    assert out.splitlines()[-1] == str(chart)
    assert chart.read_text(encoding="utf-8").count("<path") > 20


def test_a_chart_of_another_kind_is_refused(tmp_path, measured, capsys):
    assert main(["validate", str(measured), "--out", str(tmp_path / "chart.pdf")]) == 2
    assert "a chart is a file whose name ends in .svg or .png" in capsys.readouterr().err


def test_every_parameter_of_a_fitted_profile_has_a_source(tmp_path, measured, capsys):
    path = tmp_path / "profile.toml"
    assert main(["calibrate", str(measured), "-o", str(path)]) == 0
    found, assumed = listed(path)
    assert UNSAID not in {one.source for one in found}
    assert {one.source.partition(":")[0] for one in found} <= {"measured", "assumed"}
    assert any("uml: no starts measured" in text for text in assumed)
    capsys.readouterr()
    assert main(["explain", str(path)]) == 0
    out = capsys.readouterr().out
    assert "measured: storm.csv, qemu, fitted to n = 1, 2, 4" in out
    assert SILENT in out


@pytest.mark.parametrize("path", sorted(PROFILES.glob("*.toml")), ids=lambda path: path.name)
def test_the_profiles_of_this_project_can_be_explained(path, capsys):
    assert main(["explain", str(path)]) == 0
    assert UNSAID not in capsys.readouterr().out


def test_whoever_spins_takes_from_those_that_work():
    """One core: while a kernel spins for 1 s by the clock, a worker gets half of it."""
    ends: dict[str, float] = {}
    stages = {
        "spins": Stage(name="kernel", cpu_s=(1.0,), wait_s=(0.0,), busy_wait_ratio=1.0),
        "works": Stage(name="kernel", cpu_s=(1.0,), wait_s=(0.0,)),
    }
    kind = Isolation(accelerator="uml", stage=tuple(stages.values())[:1])
    host = build_host(Host(cores=1, memory_mib=1), kind)
    for name, stage in stages.items():
        host.env.process(
            start(host, (stage,), stream(0, name), lambda s, n=name: ends.update({n: s.end_s}))
        )
    host.env.run()
    host.check()
    assert ends == {"spins": 1.0, "works": 1.5}
