"""The experiments that answer one question each: laws, hand-made cases, and the command."""

import csv
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from sim.cli import main
from sim.contract import Answer
from sim.errors import SimError, UnknownIsolation
from sim.experiments import (
    QUESTIONS,
    density,
    failure,
    neighbours,
    overhead,
    rollout,
    side_by_side,
)
from sim.experiments.failure import NOTICED_S
from sim.profile_files import read_profile
from sim.profiles import InstanceMemory

PATH = Path(__file__).parents[2] / "data" / "profiles" / "published.toml"
PUBLISHED = read_profile(PATH)


def found(answers):
    return {(one.case, one.quantity): one.value for one in answers}


@pytest.fixture
def short(monkeypatch):
    """A minute instead of an hour."""
    for name in ("cold_starts", "cost"):
        monkeypatch.setattr(sys.modules[f"sim.experiments.{name}"], "LONG_S", 60.0)


def test_density_is_what_division_says():
    memory = InstanceMemory(private_mib=100.0, merged_mib=10.0)
    kind = replace(PUBLISHED["microvm"], instance=memory)
    host = replace(PUBLISHED.host, memory_mib=1000.0)
    changed = replace(PUBLISHED, host=host, isolation={"microvm": kind})
    answers = found(density(changed, "microvm"))
    assert answers["", "instances"] == 9  # (1000 - 10) / 100
    assert answers["", "full_of_memory"] == 1
    busy = replace(kind, background_cores=10.0)
    changed = replace(changed, isolation={"microvm": busy})
    answers = found(density(changed, "microvm"))
    assert (answers["", "instances"], answers["", "full_of_cpu"]) == (4, 1)  # of 48 cores


def test_balloons_make_room_where_more_is_promised_than_there_is():
    """A guest of 1155 MiB takes 360, of that 160 of page cache: its balloon gives them up."""
    host = replace(PUBLISHED.host, overcommit_ratio=10.0)
    answers = found(density(replace(PUBLISHED, host=host), "vm"))
    need = PUBLISHED["vm"].instance
    fitting = int((host.memory_mib - need.merged_mib - need.page_cache_mib) / need.private_mib)
    assert answers["", "instances"] == pytest.approx(fitting, abs=1)
    assert answers["", "full_of_memory"] == 1
    assert answers["", "ballooned_mib"] == pytest.approx(fitting * need.page_cache_mib, rel=0.01)


@pytest.mark.parametrize("isolation", ["container", "sandbox", "microvm", "vm"])
def test_work_inside_is_slower_by_its_cost(isolation):
    kind = PUBLISHED[isolation]
    busy = 1 - kind.background_cores
    for one in overhead(PUBLISHED, isolation):
        cost = kind.cost_ratio(one.case.removeprefix("work="))
        assert one.value == pytest.approx(busy / cost, rel=0.03)  # whole units


def test_a_failed_host_comes_back_elsewhere(short):
    answers = found(failure(PUBLISHED, "microvm"))
    assert answers["failed=1 of 20", "lost"] == 200
    assert answers["failed=4 of 20", "lost"] == 800
    for (_, quantity), value in answers.items():
        if quantity.startswith("back"):
            assert value >= NOTICED_S + 0.143 - 0.01
        if quantity == "without_room":
            assert value == 0


def test_a_rollout_by_all_is_as_fast_as_one_host_and_serves_nobody():
    answers = found(rollout(PUBLISHED, "container", image="service"))
    one, many = (answers[f"hosts at once={case}", "took_s"] for case in ("one by one", "all"))
    assert one == pytest.approx(20 * many, rel=0.02)
    assert answers["hosts at once=all", "least_serving_ratio"] == 0
    assert answers["hosts at once=one by one", "least_serving_ratio"] == 0.95
    image = PUBLISHED.image["service"]
    packed = sum(layer.packed_mib for layer in image.layer)
    assert answers["hosts at once=all", "pulled_mib"] == pytest.approx(20 * packed)


def test_weights_and_quotas_keep_neighbours_away():
    answers = found(neighbours(PUBLISHED, "container"))
    alone = answers["neighbours=0 limit=none", "response_p99_s"]
    assert answers["neighbours=192 limit=none", "response_p99_s"] > 10 * alone
    for limit in ("weight", "quota"):
        assert answers[f"neighbours=192 limit={limit}", "response_p99_s"] < 1.1 * alone


def test_keeping_instances_costs_memory_and_saves_cold_starts(short):
    answers = found(QUESTIONS["cold_starts"](PUBLISHED, "microvm"))
    cases = [f"policy={name}" for name in ("none", "keep 10 s", "keep 600 s")]
    ratios = [answers[case, "cold_ratio"] for case in cases]
    kept = [answers[case, "instances_mean"] for case in cases]
    assert ratios == sorted(ratios, reverse=True)
    assert kept == sorted(kept)
    assert answers["policy=autoscale", "response_p99_s"] <= answers["policy=none", "response_p99_s"]


def test_more_expensive_work_costs_more(short):
    price = {
        name: found(QUESTIONS["cost"](PUBLISHED, name))["policy=keep 10 s", "price_per_million"]
        for name in ("process", "container", "microvm")
    }
    assert price["process"] < price["container"] < price["microvm"]


@pytest.mark.parametrize("question", QUESTIONS)
def test_same_seed_same_answers(question, short):
    first, again = (QUESTIONS[question](PUBLISHED, "pool", seed=3) for _ in range(2))
    assert first == again
    assert {type(one) for one in first} == {Answer}


def test_every_question_says_which_it_is():
    assert all("Question:" in (ask.__doc__ or "") for ask in QUESTIONS.values())


def test_isolations_are_answered_side_by_side():
    answers = side_by_side("density", PUBLISHED, ["container", "vm"])
    assert answers == [*density(PUBLISHED, "container"), *density(PUBLISHED, "vm")]
    everybody = dict.fromkeys(one.isolation for one in side_by_side("density", PUBLISHED))
    assert set(everybody) == set(PUBLISHED.isolation)


def test_a_question_that_nobody_knows_is_refused():
    with pytest.raises(SimError, match="'densty' is unknown; did you mean 'density'"):
        side_by_side("densty", PUBLISHED)
    with pytest.raises(UnknownIsolation):
        side_by_side("density", PUBLISHED, ["vmm"])


@pytest.mark.parametrize("question", ["cold_starts", "cost"])
def test_times_of_arrival_are_taken_as_they_are(question, short, tmp_path):
    path = tmp_path / "trace.csv"
    path.write_text("arrival_s\n0\n1\n2\n")
    given = side_by_side(question, PUBLISHED, ["vm"], arrivals=[0.0, 1.0, 2.0])
    assert given == side_by_side(question, PUBLISHED, ["vm"], arrivals=path)
    assert given != side_by_side(question, PUBLISHED, ["vm"])


def test_the_command_prints_and_writes(tmp_path, capsys):
    path = tmp_path / "answers.csv"
    assert main(["experiment", "density", str(PATH), "--isolation", "vm", "-o", str(path)]) == 0
    assert "instances" in capsys.readouterr().out
    with path.open() as file:
        rows = list(csv.DictReader(file))
    assert {row["isolation"] for row in rows} == {"vm"}


def test_a_trace_is_served(tmp_path, capsys, short):
    path = tmp_path / "trace.csv"
    path.write_text("arrival_s\n0\n1\n2\n")
    asked = ["experiment", "cold_starts", str(PATH), "--isolation", "vm", "--arrivals", str(path)]
    assert main(asked) == 0


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["densty"], "experiment 'densty' is unknown; did you mean 'density'?"),
        (["density", "--image", "x"], "image: density does not take it"),
        (
            ["rollout", "--image", "servce"],
            "'servce' is not in the profile; did you mean 'serv",
        ),
    ],
)
def test_what_is_wrong_gets_one_line(words, complaint, capsys):
    assert main(["experiment", words[0], str(PATH), *words[1:]]) == 2
    told = capsys.readouterr().err
    assert complaint in told
    assert told.count("\n") == 1


def test_a_pool_that_leads_in_a_circle_is_refused():
    pool = replace(PUBLISHED["pool"], pool_of="pool")
    with pytest.raises(ValueError, match="pool_of leads in a circle: pool -> pool"):
        replace(PUBLISHED, isolation={"pool": pool})
    with pytest.raises(ValueError, match="pool_of of 'pool' is unknown: 'microvm'"):
        replace(PUBLISHED, isolation={"pool": PUBLISHED["pool"]})
