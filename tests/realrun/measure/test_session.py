"""Small real measurements: the laws that every table must keep."""

from __future__ import annotations

from collections import Counter, defaultdict
from itertools import pairwise

import pytest

from realrun.errors import RealRunError, UsageError
from realrun.guest import levels
from realrun.linux import cgroups
from realrun.measure.crowds import MEMORY
from realrun.measure.experiment import Wish
from realrun.measure.journal import Journal
from realrun.measure.runner import Bench
from realrun.measure.session import Session, Way
from realrun.measure.session import way as way_of
from realrun.measure.startup import LIGHT_PER_BLOCK, STARTUP, rows_of
from realrun.measure.storm import STORM
from realrun.runtime import planning
from tests.realrun.measure.contract import first_column, section

pytestmark = pytest.mark.overlay
LIGHT, HOT_COLD = ("process", "container"), ("hot", "cold")


@pytest.fixture
def session(stage):
    with Session(stage.image, LIGHT) as session:
        session.try_all()
        yield session


def test_a_name_that_is_no_isolation_is_refused_before_anything_starts(stage):
    with pytest.raises(UsageError, match=r"process, container, uml, qemu; got 'vm'"):
        Session(stage.image, ["process", "vm"])


def test_a_way_names_its_level():
    """The usual machine needs no name, and the usual level none either."""
    usual = levels.machines()[0]
    assert way_of(f"qemu:snapshot/{usual}") == Way("qemu", "snapshot")
    assert (way_of("qemu"), str(way_of("uml:distro"))) == (Way("qemu"), "uml:distro")
    with pytest.raises(UsageError, match="must be one of minimal, distro, snapshot; got 'big'"):
        way_of("qemu:big")


@pytest.mark.uml
@pytest.mark.slow
def test_a_guests_rows_say_how_well_its_clock_is_known(stage):
    """Nothing of the sort for what runs on our own."""
    with Session(stage.image, ["process", "uml:minimal"]) as session:
        session.try_all()
        assert session.skipped == {}
        errors = {}
        for one in session.ways:
            rows = rows_of(session, session.first[one], 0, "hot")
            errors[str(one)] = {row.clock_error_s for row in rows}
    assert errors["process"] == {None}
    (error_s,) = errors["uml:minimal"]
    assert error_s > 0


def test_what_does_not_work_is_skipped_with_its_reason(stage, monkeypatch):
    """And the others are measured all the same."""
    real = Session.complete

    def complete(self, way, **more):
        if way.isolation == "container":
            raise RealRunError("not on a Monday")
        return real(self, way, **more)

    monkeypatch.setattr(Session, "complete", complete)
    with Session(stage.image, LIGHT) as session:
        session.try_all()
        assert session.ways == [Way("process")]
        assert session.skipped == {"container": "not on a Monday"}


def measured(session, experiment, count, **wish):
    """What the frame makes of an experiment of so many blocks."""
    journal = Journal({"session": "now"})
    wish = Wish(blocks=(count, count), **wish)
    return Bench(experiment, session, wish, journal).run()


def test_starts_keep_the_laws_of_their_table(session):
    """Numbered runs in one mixed order, phases without gaps, the first marked, none negative."""
    done = measured(session, STARTUP, 1, seed=7)
    starts = defaultdict(list)
    for row in done.journal.rows("startup"):
        starts[row.isolation, row.cache, row.run].append(row)
    hot = {(name, run) for name, cache, run in starts if cache == "hot"}
    assert hot == {(name, run) for name in LIGHT for run in range(5)}
    cold = Counter(cache for _, cache, _ in starts if cache != "hot")
    assert cold["cold"] == cold["once"] == 4 - cold["unknown"]
    trials = list(done.journal.rows("trials"))
    assert [row.trial for row in trials] == list(range(14))
    for (_, _, run), phases in starts.items():
        assert phases[0].begin_s == 0
        assert {row.first for row in phases} == {int(run == 0)} == {int(phases[0].block == 0)}
        assert all(row.duration_s >= 0 and (row.cpu_s or 0) >= 0 for row in phases)
        for one, following in pairwise(phases):
            assert following.begin_s == pytest.approx(one.begin_s + one.duration_s, abs=1e-6)
        parts = [row.part for row in phases]
        assert parts == sorted(parts, reverse=True)  # start, then end
        assert [row.phase for row in phases][-3:] == ["first output", "exit", "remove"]
    assert {row.failed for row in trials} == {""}
    assert {row.ready_by for phases in starts.values() for row in phases} == {"program"}
    assert done.stopped.keys() == {f"{name}, {cache}" for name in LIGHT for cache in HOT_COLD}
    assert set(done.stopped.values()) <= {"blocks", "narrow"}


def test_the_phases_are_the_steps_of_the_plan(session):
    rows = list(measured(session, STARTUP, 1).journal.rows("startup"))
    for way in session.ways:
        steps = session.first[way].record.plan.steps
        own = [row for row in rows if row.isolation == str(way) and row.cache == "hot"]
        phases = [row.phase for row in own if row.run == 1]
        assert phases == [*(step.name for step in steps), "exit", "remove"]


def test_a_start_that_fails_is_noted_never_timed(session, monkeypatch):
    """A failure is no fast result; who fails twice in a row is given up."""
    real, calls = Session.complete, []

    def complete(self, way, **more):
        calls.append(way)
        if len(calls) in (2, 4, 5):
            raise RealRunError(f"failure {len(calls)}")
        return real(self, way, **more)

    monkeypatch.setattr(Session, "complete", complete)
    session.wanted = (Way("process"),)
    hot = STARTUP._replace(arms=lambda *given: STARTUP.arms(*given)[:1])
    done = measured(session, hot, 9)
    assert {row.run for row in done.journal.rows("startup")} == {0, 1, 3}
    told = {row.run: row.failed for row in done.journal.rows("trials")}
    assert told == {0: "", 1: "", 2: "failure 2", 3: "", 4: "failure 4", 5: "failure 5"}
    assert done.stopped == {"process, hot": "failed"}


@pytest.mark.parametrize("code", ["true", "echo said; exit 3"])
def test_a_command_that_says_nothing_or_fails_is_not_measured(stage, code):
    with Session(Silent(stage.image, code), ["container"]) as session:
        session.try_all()
        assert "printed nothing or failed" in session.skipped["container"]


class Silent:
    """The image with another command."""

    def __init__(self, image, code: str) -> None:
        self.digest, self.layers = image.digest, image.layers
        self.config = dict(image.config) | {"Cmd": ["sh", "-c", code], "Entrypoint": None}


def test_crowds_keep_the_laws_of_their_tables(session):
    """Everybody is ready after he was asked for; parts add up; unique <= proportional <= resident;
    more instances hold more."""
    storm = list(measured(session, STORM, 2, n=(1, 3)).journal.rows("storm"))
    memory = list(measured(session, MEMORY, 1, n=(1, 3)).journal.rows("memory"))
    counts = {(r.isolation, r.n, r.repeat, r.instance) for r in storm}
    assert len(counts) == len(storm) == len(LIGHT) * (1 + 3) * LIGHT_PER_BLOCK * 2
    assert all(row.ready_s > row.requested_s == 0 for row in storm)
    value = {(r.isolation, r.n, r.account, r.part): r.value_mib for r in memory}
    for name in LIGHT:
        for n in (1, 3):
            rss, pss, uss = (value[name, n, account, "total"] for account in ("rss", "pss", "uss"))
            assert rss >= pss >= uss > 0
            parts = [v for key, v in value.items() if key[:3] == (name, n, "pss")]
            assert sum(parts) - pss == pytest.approx(pss, abs=1e-3)
        assert value[name, 3, "pss", "program"] > value[name, 1, "pss", "program"]
    assert ("container", 1, "cgroup", "total") in value or not planning.has_cgroup()
    if cgroups.detect().writable:
        assert value["container", 3, "cgroup", "total"] > 0


def test_accounts_and_parts_are_those_of_the_contract(session):
    memory = list(measured(session, MEMORY, 1, n=(1,)).journal.rows("memory"))
    text = section("`memory.csv`")
    assert {row.account for row in memory} <= set(first_column(text, "account"))
    told = ", ".join(first_column(text, "part")).replace("`", "").split(", ")
    assert {row.part for row in memory if row.account != "helper"} <= {*told, "total"}


@pytest.mark.uml
@pytest.mark.slow
def test_a_guests_memory_is_told_from_both_sides(stage):
    """What its kernel counts and what the host sees: parts that add up, none negative."""
    with Session(stage.image, ["uml"]) as session:
        session.try_all()
        assert session.skipped == {}
        memory = list(measured(session, MEMORY, 1, guest_n=(2,)).journal.rows("memory"))
    pss = {row.part: row.value_mib for row in memory if row.account == "pss"}
    names = {"program", "vmm", "guest page cache", "guest kernel", "helper", "total"}
    assert pss.keys() == names
    assert all(value > 0 for value in pss.values())
    assert sum(pss.values()) == pytest.approx(2 * pss["total"], abs=1e-2)
