"""The frame: what is measured when, and why it stops."""

from __future__ import annotations

import random
from itertools import count

import pytest

from realrun.errors import RealRunError
from realrun.measure import noise, runner
from realrun.measure.experiment import Arm, Wish
from realrun.measure.journal import Journal
from realrun.measure.noise import Noise
from realrun.measure.runner import Bench, too_dear
from tests.realrun.measure.made_up import PROCESS, Quiet, experiment


def done(what, journal=None, **wish):
    """The experiment, done."""
    return Bench(what, Quiet(), Wish(**wish), journal or Journal({"session": "now"})).run()


def test_it_stops_when_every_median_is_known_well_enough():
    chance = random.Random(1)
    steady = experiment(lambda arm, _: chance.gauss(1, 0.02), "a", "b", blocks=(3, 40))
    found = done(steady)
    assert found.stopped == {"a": "narrow", "b": "narrow"}
    assert 6 <= len(found.figures["a"]) < 40
    assert found.block == len(found.figures["a"])


def test_it_stops_after_the_blocks_asked_for_and_says_which_arms_are_not_known():
    chance = random.Random(1)
    values = {"a": lambda: 1.0, "b": lambda: chance.lognormvariate(0, 1)}
    found = done(experiment(lambda arm, _: values[arm](), "a", "b"), blocks=(8, 8))
    assert found.stopped == {"a": "narrow", "b": "blocks"}
    assert len(found.figures["b"]) == 8


def test_it_stops_when_the_budget_is_spent(monkeypatch):
    """Every look at the clock takes a second here: five looks a trial, four seconds of it."""
    ticks = count(0, 10**9)
    monkeypatch.setattr(runner.time, "monotonic_ns", lambda: next(ticks))
    found = done(experiment(lambda *_: random.random(), "a", "b"), budget_s=30)
    assert set(found.stopped.values()) == {"budget"}
    assert found.spent_s >= 30 > found.spent_s - found.journal.trials[-1].took_s


def test_the_dearest_are_left_out_until_a_block_fits():
    arms = [Arm(name, PROCESS, lambda _: [], cost_s=cost) for name, cost in
            (("cheap", 1), ("dear", 10), ("dearer", 20))]  # fmt: skip
    assert too_dear(arms, 1000) == []
    assert too_dear(arms, 30) == ["dearer"]
    assert too_dear(arms, 10) == ["dearer", "dear"]
    assert too_dear(arms, 0.5) == ["dearer", "dear", "cheap"]


def test_what_is_interrupted_goes_on_and_comes_out_the_same():
    """Neither lost nor doubled, wherever it was stopped: the same trials in the same order."""
    whole = keys(done(experiment(float_of, "a", "b"), blocks=(4, 4)).journal)
    for place in range(len(whole)):
        journal = Journal({"session": "now"})
        left = iter(range(place))

        def interrupted(arm, run, left=left):
            if next(left, None) is None:
                raise KeyboardInterrupt
            return float_of(arm, run)

        with pytest.raises(KeyboardInterrupt):
            done(experiment(interrupted, "a", "b"), journal, blocks=(4, 4))
        assert keys(journal) == whole[:place]
        done(experiment(float_of, "a", "b"), journal, blocks=(4, 4))
        assert keys(journal) == whole


def keys(journal):
    """Which trials there are, in their order."""
    return [trial.key for trial in journal.trials]


def float_of(arm, run):
    return float(run + 1)


def test_a_failure_is_noted_and_two_in_a_row_are_enough():
    def failing(arm, run):
        if arm == "b" or run == 2:
            raise RealRunError("it hangs")
        return 1.0

    found = done(experiment(failing, "a", "b"), blocks=(5, 5))
    assert found.stopped["b"] == "failed"
    assert [t.row.run for t in found.journal.trials if t.row.failed == "it hangs"].count(2) == 1
    assert len(found.figures["a"]) == 4
    assert all(not trial.rows for trial in found.journal.trials if trial.row.failed)


@pytest.mark.parametrize(
    ("stolen_s", "throttled_s", "mark"),
    [
        (0.0, 0.0, ""),
        (0.019, 0.0, ""),
        (0.021, 0.0, "stolen"),
        (0.0, 1e-6, "throttled"),
        (1.0, 1.0, "stolen, throttled"),
    ],
)
def test_a_disturbed_trial_is_marked(stolen_s, throttled_s, mark):
    """One percent of two processors' second is 20 ms."""
    after = Noise(10**9, 0.001, stolen_s, throttled_s)
    assert noise.mark(Noise(0, 0.001, 0.0, 0.0), after, cores=2) == mark


def test_marks_and_the_spin_come_with_the_rows(monkeypatch):
    told = iter([Noise(0, 0.5, 0.0, 0.0), Noise(10**9, 0.25, 0.7, 0.0)])
    monkeypatch.setattr(noise, "listen", lambda: next(told))
    once = experiment(float_of, "a", warm_up=False)
    (trial,) = done(once, blocks=(1, 1)).journal.trials
    assert (trial.row.spin_before_s, trial.row.spin_after_s, trial.row.stolen_s) == (0.5, 0.25, 0.7)
    assert {row.mark for row in (trial.row, *trial.rows)} == {"stolen"}


def test_the_noise_of_this_machine_can_be_read():
    before, after = noise.listen(), noise.listen()
    assert after.at_ns > before.at_ns
    assert before.spin_s > 0
    assert after.stolen_s >= before.stolen_s >= 0
    assert after.throttled_s >= before.throttled_s >= 0


def test_a_quota_is_told_by_both_versions(tmp_path):
    for number, (text, held_s) in enumerate(
        [("nr_throttled 3\nthrottled_time 2000000\n", 0.002), ("throttled_usec 2000\n", 0.002)]
    ):
        path = tmp_path / str(number)
        path.write_text(text)
        assert noise.held_back_s(path) == held_s


@pytest.mark.parametrize("ending", [KeyboardInterrupt, SystemExit(143)])
def test_an_interrupt_is_heeded_even_if_cleaning_up_after_it_fails(ending):
    """As it does when a whole process group is ended, and the starter with it."""

    def interrupted(arm, run):
        try:
            raise ending
        finally:
            raise RealRunError("the spawner process has died")

    with pytest.raises((KeyboardInterrupt, SystemExit)):
        done(experiment(interrupted, "a"), blocks=(3, 3))
