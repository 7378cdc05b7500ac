"""Whole recordings on this machine: stopped, killed, gone on with, and a guest that hangs."""

from __future__ import annotations

import csv
import json
import os
import signal
from collections import Counter

import pytest

import realrun
from realrun.errors import GuestFailed, Missing, RealRunError, UsageError
from realrun.measure import catalogue, ratios
from realrun.measure.experiment import Wish
from realrun.measure.instrument import ARRIVAL, EQUAL, PARTS
from realrun.measure.journal import NAME
from realrun.measure.recording import Recording, written
from realrun.measure.rows import InstrumentRow, columns
from realrun.measure.session import Session, Way
from tests.realrun.stage import cli, everything_left, started, until

pytestmark = pytest.mark.overlay
BLOCKS = 4
WORDS = ("bench", "startup", "--isolation", "process", "--blocks", str(BLOCKS), "-o")


def lines(folder, name):
    """A table's lines, each as a dictionary."""
    with open(folder / f"{name}.csv", newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def journal_lines(folder):
    """How many lines the journal has; also while somebody writes it."""
    path = folder / NAME
    return path.read_bytes().count(b"\n") if path.exists() else 0


def check_whole(folder):
    """Every trial once, and every row once."""
    trials = lines(folder, "trials")
    found = Counter((row["arm"], row["run"]) for row in trials)
    expected = {("process, hot", str(k)) for k in range(4 * BLOCKS + 1)}
    expected |= {("process, cold", str(k)) for k in range(BLOCKS + 1)}
    assert found == dict.fromkeys(expected, 1)
    assert [row["failed"] for row in trials if row["failed"]] == []
    rows = Counter((r["cache"], r["run"], r["step"]) for r in lines(folder, "startup"))
    assert set(rows.values()) == {1}
    assert {row["session"] for row in trials} == {
        row["session"] for row in lines(folder, "startup")
    }


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT, signal.SIGTERM])
def test_a_bench_that_is_ended_goes_on_where_it_was(root, tmp_path, number):
    """Twice in a row; what had been measured is in the tables, if there was time to write them."""
    for least in (4, 12):
        with started(*WORDS, str(tmp_path)) as process:
            until(lambda least=least: journal_lines(tmp_path) > least, f"{least} trials")
            process.send_signal(number)
            process.wait()
        before = journal_lines(tmp_path) - 1
        if number == signal.SIGINT:
            assert process.returncode == 130
        if number != signal.SIGKILL:
            assert len(lines(tmp_path, "trials")) == before
    until(lambda: cli("prune") and not everything_left(root), "nothing left")
    done = cli(*WORDS, str(tmp_path))
    assert done.returncode == 0, done.stderr
    check_whole(tmp_path)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_whole_group_that_is_ended_stops_the_bench(root, tmp_path, number):
    """As Ctrl-C at a terminal and timeout(1) do: the starter gets the signal, too."""
    with started(*WORDS, str(tmp_path), start_new_session=True) as process:
        until(lambda: journal_lines(tmp_path) > 4, "some trials")
        os.killpg(process.pid, number)
        assert process.wait() in (130, 143)
    assert len(lines(tmp_path, "trials")) == journal_lines(tmp_path) - 1 < 6 * BLOCKS
    until(lambda: cli("prune") and not everything_left(root), "nothing left")


def test_a_bench_that_is_whole_measures_nothing_more(root, tmp_path):
    words = ("bench", "instrument", "--isolation", "process", "--blocks", "2", "-o", str(tmp_path))
    tables = []
    for _ in range(2):
        assert cli(*words).returncode == 0
        tables.append((tmp_path / "instrument.csv").read_bytes())
    assert tables[0] == tables[1]


def test_another_bench_does_not_go_on_in_the_same_folder(root, tmp_path):
    words = ["bench", "instrument", "--isolation", "process", "--blocks", "1", "-o", str(tmp_path)]
    assert cli(*words).returncode == 0
    done = cli(*words, "--seed", "5")
    assert done.returncode == 1
    assert "with seed = 1, now it is 5; go on as it was begun, or choose another" in done.stderr


def test_all_comes_out_of_one_budget_with_its_certificate(root, tmp_path):
    """A little of everything, in the time that was given: what did not fit is said."""
    words = ("--budget", "6s", "--isolation", "process", "--n", "1,2", "-o", str(tmp_path))
    done = cli("bench", "all", *words, timeout=300)
    assert done.returncode == 0, done.stderr
    assert "left)" in done.stderr  # the time that is left
    meta = json.loads((tmp_path / "trials.meta.json").read_text())
    assert set(meta["stopped"]) == set(catalogue.EXPERIMENTS)
    trials = lines(tmp_path, "trials")
    assert "instrument" in {row["experiment"] for row in trials}
    assert {row["arm"] for row in trials} <= {
        arm for arms in meta["stopped"].values() for arm in arms
    }


class Mute:
    """The image, but its command says nothing and does not end."""

    def __init__(self, image) -> None:
        self.digest, self.layers = image.digest, image.layers
        self.config = dict(image.config) | {"Cmd": ["sleep", "1000"], "Entrypoint": None}


def test_what_hangs_is_ended_and_told_never_waited_for(stage, monkeypatch):
    """An image that runs nowhere is an error; the others are measured."""
    monkeypatch.setattr(Session, "patience_s", lambda *_: 1.0)
    with (
        Recording(["startup"], Mute(stage.image), ["process"], Wish(), "x") as recording,
        pytest.raises(Missing, match="no isolation works here"),
    ):
        recording.measure()
    assert "did not get on within 1 s" in recording.session.skipped["process"]


@pytest.mark.uml
@pytest.mark.slow
def test_a_guest_that_hangs_in_the_middle_does_not_hang_the_bench(stage, monkeypatch, tmp_path):
    """Its monitor is stopped as it boots; what is measured with it fails, and the rest goes on."""
    real_begin = Session.begin
    hanging: list[int] = []

    def begin(self, way, *words, **more):
        run = real_begin(self, way, *words, **more)
        if way.isolation == "uml" and way in self.first:
            until(lambda: look(self, run), "its process")
            os.kill(run.record.pid, signal.SIGSTOP)
            hanging.append(run.record.pid)
        return run

    def look(self, run):
        for event in self.starter.events(0.05):
            run.hear(event)
        return run.record.pid

    monkeypatch.setattr(Session, "begin", begin)
    real_patience = Session.patience_s
    monkeypatch.setattr(
        Session,
        "patience_s",
        lambda self, *of: 2.0 if of[0] in self.first else real_patience(self, *of),
    )
    wish = Wish(blocks=(3, 3))
    with written(
        Recording(["startup"], stage.image, ["process", "uml"], wish, "x", tmp_path)
    ) as made:
        made.measure()
    (bench,) = made.benches
    assert bench.stopped["uml, hot"] == bench.stopped["uml, cold"] == "failed"
    assert len(bench.figures["process, hot"]) == 12
    failed = [row["failed"] for row in lines(tmp_path, "trials") if row["failed"]]
    assert failed
    assert all("did not get on within 2 s" in text for text in failed)
    assert len(hanging) == len(failed)


def test_equals_come_out_equal(stage):
    """A/A: the same start twice in every block. At 95 % one comparison in twenty is wrong by
    chance: three in a row are not."""
    told = []
    for seed in (1, 2, 3):
        wish = Wish(seed=seed, blocks=(12, 12))
        with Recording(["instrument"], stage.image, ["process"], wish, "x") as recording:
            recording.measure()
        (bench,) = recording.benches
        assert bench.experiment.remark(bench.figures).startswith("A/A: ratio ")
        told.append(ratios.apart(ratios.compare(*(bench.figures[name] for name in EQUAL))))
        if told[-1] == ratios.CANNOT_TELL:
            break
    assert ratios.CANNOT_TELL in told


def test_who_asks_for_what_is_no_experiment_is_told_which_there_are(stage):
    with pytest.raises(RealRunError, match=r"experiment must be one of instrument, .*; got 'x'"):
        Recording(["x"], stage.image, ["process"], Wish(), "x")


def test_a_trial_that_is_late_is_a_failure_of_its_own(stage, monkeypatch):
    with Session(stage.image, ["process"]) as session:
        session.try_all()
        monkeypatch.setattr(Session, "patience_s", lambda *_: 0.5)
        monkeypatch.setattr(session, "image", Mute(stage.image))
        with pytest.raises(GuestFailed, match="process: 1 of 1 did not get on within 0 s"):
            session.complete(Way("process"))


def test_an_experiment_is_a_python_function_that_gives_a_frame(stage):
    """One tidy row a measurement, with its certificate; a word that is none is an error."""
    found = realrun.bench("instrument", isolations=["process"], blocks=(1, 1), seed=3)
    assert list(found.columns) == columns(InstrumentRow)
    assert set(found[found["block"] == 1]["what"]) == {*PARTS, *EQUAL, ARRIVAL}
    assert (found.attrs["seed"], set(found.attrs["stopped"])) == (3, {"instrument"})
    with pytest.raises(UsageError, match="budget wants a time such as 90s, 10m or 1h; got 'long'"):
        realrun.bench("startup", budget="long")


def test_a_spawner_that_is_killed_costs_one_trial(stage):
    """What is measured after it has a new one."""
    wish = Wish(blocks=(3, 3))
    with Recording(["startup"], stage.image, ["process"], wish, "x") as recording:
        real, spawners = recording.session.complete, []

        def complete(way, **more):
            spawners.append(recording.session.starter.process)
            if len(spawners) == 5:
                spawners[-1].kill()
                spawners[-1].wait()
            return real(way, **more)

        recording.session.complete = complete
        recording.measure()
        (failed,) = [t.row.failed for t in recording.journal.trials if t.row.failed]
        assert failed.startswith("the spawner process has died")
        assert len({process.pid for process in spawners}) == 2
        assert recording.benches[0].stopped.keys() == {"process, hot", "process, cold"}


def test_among_several_experiments_only_some_have_every_level(stage):
    """The course asks what each level costs to start; the rest would take hours."""
    with Session(stage.image, ["process", "qemu", "qemu:snapshot"]) as session:
        session.first = dict.fromkeys(session.wanted)
        assert session.ways == [Way("process"), Way("qemu"), Way("qemu", "snapshot")]
        session.levels = False
        assert session.ways == [Way("process"), Way("qemu")]
        del session.first[Way("qemu")]
        assert session.ways == [Way("process"), Way("qemu", "snapshot")]
    assert [name for name, one in catalogue.EXPERIMENTS.items() if one.levels] == ["startup"]
