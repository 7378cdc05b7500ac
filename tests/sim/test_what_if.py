"""What if: the storm that the model knows, under a load, on another machine."""

import json
from dataclasses import replace

import pytest

from sim.cli import main
from sim.errors import SimError
from sim.experiments.density import density
from sim.experiments.storm import storm
from sim.experiments.what_if import Scenario, as_json, side_by_side, what_if
from sim.page.answer import answer
from sim.profile_files import write_profile
from tests.sim.profiles_made_up import profile

QUESTION = {
    "profile": "recorded",
    "isolation": ["container", "qemu"],
    "n": 3,
    "per_s": 0.0,
    "busy_ratio": 0.0,
    "cores": None,
    "memory_mib": None,
    "seed": 1,
    "language": "en",
}


@pytest.mark.parametrize("name", ["process", "qemu"])
def test_all_at_once_on_an_idle_machine_it_is_the_storm(name):
    made = profile(spread=0.2)
    found = what_if(made, name, Scenario(n=4, seed=7))
    rows = storm(made, name, [4], repeats=1, seed=7)
    assert found.ready_s == tuple(row.ready_s for row in rows)
    assert found.alone_s == storm(made, name, [1], repeats=1, seed=7)[0].ready_s


def test_requests_one_after_the_other_do_not_wait_when_they_are_rare():
    """By hand: a process takes 40 ms alone; asked for every 100 ms, each takes that."""
    found = what_if(profile(), "process", Scenario(n=3, per_s=10.0))
    assert found.asked_s == pytest.approx((0.0, 0.1, 0.2))
    assert found.ready_s == pytest.approx((0.04, 0.14, 0.24))
    assert found.told()["median_s"] == pytest.approx(0.04)


def test_other_work_takes_its_share_of_the_cores():
    """By hand: a guest works 1 s on a core and waits 1 s; with half of one core left, 3 s."""
    made = profile()
    assert what_if(made, "qemu", Scenario(n=1)).alone_s == pytest.approx(2.0)
    busy = what_if(made, "qemu", Scenario(n=1, busy_ratio=0.75))
    assert busy.alone_s == pytest.approx(3.0)


def test_memory_and_density_are_those_of_the_model():
    made = profile()
    found = what_if(made, "process", Scenario(n=4))
    assert (found.one_mib, found.used_mib) == (3.0, 9.0)
    told = {one.quantity: one.value for one in density(made, "process")}
    assert found.most == told["instances"]
    assert found.full == "memory"


def test_another_machine_is_another_host():
    made = profile()
    larger = replace(made, host=replace(made.host, cores=8, memory_mib=4000.0))
    asked = Scenario(n=4, cores=8, memory_mib=4000.0)
    assert what_if(made, "qemu", asked) == what_if(larger, "qemu", Scenario(n=4))


def test_what_does_not_fit_is_not_started():
    found = what_if(profile(), "qemu", Scenario(n=64))
    assert (found.fits, found.ready_s, found.told()["last_s"]) == (False, (), None)


@pytest.mark.parametrize(
    ("wrong", "line"),
    [
        ({"n": 0}, "n must be from 1 to 1000, got 0"),
        ({"n": 1001}, "n must be from 1 to 1000, got 1001"),
        ({"per_s": -1.0}, "per_s must be >= 0"),
        ({"busy_ratio": 1.0}, r"busy_ratio must be in \[0, 0.95\]"),
    ],
)
def test_a_scenario_refuses_nonsense(wrong, line):
    with pytest.raises(ValueError, match=line):
        Scenario(**wrong)


def test_a_machine_that_cannot_be_is_one_line():
    with pytest.raises(SimError, match="cores must be >= 1"):
        side_by_side(profile(), [], Scenario(cores=0))


def test_the_command_prints_a_row_an_isolation(tmp_path, capsys):
    write_profile(tmp_path / "p.toml", profile())
    assert main(["what-if", str(tmp_path / "p.toml"), "--n", "64"]) == 0
    out = capsys.readouterr().out
    assert "does not fit" in out
    assert "process" in out


def test_the_command_and_the_page_tell_the_same(capsys):
    told = json.loads(answer(json.dumps(QUESTION)))
    command = "what-if data/profiles/recorded.toml --isolation container --isolation qemu --n 3"
    assert main([*command.split(), "--seed", "1", "--json"]) == 0
    assert capsys.readouterr().out == told["numbers"] + "\n"
    numbers = json.loads(told["numbers"])
    assert numbers["scenario"]["n"] == 3
    assert [one["isolation"] for one in numbers["isolations"]] == ["container", "qemu"]
    assert all(len(one["ready_s"]) == 3 for one in numbers["isolations"])


def test_the_parts_of_the_page_say_what_the_numbers_do():
    told = json.loads(answer(json.dumps(QUESTION)))
    html = told["html"]
    assert html["sentence"].startswith("With 3 on 2 cores, the last is ready after")
    assert "qemu (tcg, software emulation)" in html["sentence"]
    assert html["table"].count("<tr>") == 3
    assert html["timeline"].count('class="panel"') == 2
    for place in ("memory", "density"):
        assert html[place].count('class="track"') == 2
    korean = json.loads(answer(json.dumps(QUESTION | {"language": "ko"})))
    assert "코어 2개에서 3개를 시작하면" in korean["html"]["sentence"]
    assert korean["numbers"] == told["numbers"]


@pytest.mark.parametrize(
    ("wrong", "line"),
    [
        ({"isolation": []}, "choose at least one isolation"),
        ({"n": 0}, "n must be from 1 to 1000, got 0"),
        ({"isolation": ["contaner"]}, "did you mean 'container'?"),
        ({"cores": 0}, "cores must be >= 1"),
        ({"n": "many"}, "invalid literal for int()"),
    ],
)
def test_a_question_that_cannot_be_is_answered_with_a_line(wrong, line):
    told = json.loads(answer(json.dumps(QUESTION | wrong)))
    assert line in told["error"]


def test_nothing_that_fits_is_said():
    told = json.loads(answer(json.dumps(QUESTION | {"isolation": ["qemu"], "n": 900})))
    assert "900 do not fit into 24,106 MiB" in told["html"]["sentence"]


def test_the_same_scenario_gives_the_same_json():
    made, scenario = profile(spread=0.3), Scenario(n=5, seed=2)
    once, again = (as_json(made, scenario, side_by_side(made, [], scenario)) for _ in range(2))
    assert once == again
