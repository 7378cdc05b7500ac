"""Density, disk, work and neighbours, small and real: the laws of their tables."""

from __future__ import annotations

import ast
import os
import sys

import pytest

from realrun.errors import RealRunError
from realrun.image import Store
from realrun.linux import cgroups
from realrun.measure import budgets, density, disk, neighbours, work, workimage
from realrun.measure.experiment import Wish
from realrun.measure.inside.main import WORK
from realrun.measure.rows import DensityRow
from realrun.measure.session import Session, Way
from tests.realrun.measure.contract import first_column, section
from tests.realrun.stage import kill

pytestmark = pytest.mark.overlay
CONTAINER = Way("container")
PLENTY = budgets.Left(1e6, 1e6, 0.0, 0.0)


@pytest.fixture
def session(stage):
    with Session(stage.image, ["container"]) as session:
        session.try_all()
        yield session


def filled(session, most=4, look=lambda: PLENTY):
    """With a window that no test fills: on a busy machine starts may get slow."""
    return density.Filling(session, CONTAINER, most, window=1000, look=look).fill()


def laws_of_density(rows, stop):
    """One more each time, every one timed, and the rule in the last row alone."""
    assert [row.n for row in rows] == list(range(1, len(rows) + 1))
    assert all(row.start_s > 0 for row in rows)
    assert [row.stop for row in rows] == [""] * (len(rows) - 1) + [stop]


def test_a_machine_is_filled_up_to_the_number_that_was_asked_for(session):
    rows = filled(session)
    laws_of_density(rows, "most")
    assert len(rows) == 4


def test_this_machine_says_what_it_has_left(root):
    left = budgets.look()
    assert left.memory_mib > 0
    assert left.disk_mib > 0
    assert 0 < left.processes_ratio < 1
    assert 0 < left.descriptors_ratio < 1
    assert budgets.exhausted(left, 1e9) == "memory"


@pytest.mark.parametrize(
    ("short", "stop"),
    [
        ({"memory_mib": 100.0}, "memory"),
        ({"disk_mib": 100.0}, "disk"),
        ({"processes_ratio": 0.9}, "processes"),
        ({"descriptors_ratio": 0.9}, "descriptors"),
    ],
)
def test_it_stops_before_the_machine_runs_short(session, short, stop):
    """However many were asked for: what is short when two run ends it."""
    looks = []

    def look() -> budgets.Left:
        looks.append(1)
        return PLENTY._replace(**short) if len(looks) > 5 else PLENTY

    rows = filled(session, look=look)
    laws_of_density(rows, stop)
    assert len(rows) < 4


def test_the_first_failure_ends_it_and_is_no_figure(session, monkeypatch):
    real, asked = Session.begin, []

    def begin(self, *words, **more):
        asked.append(words)
        if len(asked) == 3:
            raise RealRunError("no room for a third")
        return real(self, *words, **more)

    monkeypatch.setattr(Session, "begin", begin)
    rows = filled(session)
    laws_of_density(rows, "failed")
    assert len(rows) == 2
    assert rows[-1].failed == "no room for a third"


def test_one_that_ends_while_it_waits_is_a_failure(session, monkeypatch):
    """As the kernel's killer for want of memory would end it."""
    real, runs = Session.begin, []

    def begin(self, *words, **more):
        if len(runs) == 2:
            kill(runs[0].record.pid)
        runs.append(real(self, *words, **more))
        return runs[-1]

    monkeypatch.setattr(Session, "begin", begin)
    rows = filled(session, most=50)
    assert rows[-1].stop == "failed"
    assert "have ended by themselves" in rows[-1].failed


def test_it_stops_when_starts_have_become_slow(session, monkeypatch):
    """Twice as long as the first ones took, by the median of a window."""
    took_s = iter([1.0, 1.0, 1.5, 1.9, 2.1, 2.2, 9.0])
    monkeypatch.setattr(density.Filling, "one_more", lambda filling: next(took_s))
    monkeypatch.setattr(density.Filling, "row", row_of)
    rows = density.Filling(session, CONTAINER, 50, window=2, look=lambda: PLENTY).fill()
    laws_of_density(rows, "slow")
    assert len(rows) == 6


def row_of(filling, start_s):
    filling.starts_s.append(start_s)
    return DensityRow("m", "container", "none", len(filling.starts_s), start_s, *PLENTY, "", "")


def test_a_machine_that_holds_none_is_a_failure(session):
    short = PLENTY._replace(memory_mib=0.0)
    with pytest.raises(RealRunError, match="not even one fits here: memory"):
        filled(session, look=lambda: short)


def test_the_rules_are_those_of_the_contract():
    told = ", ".join(first_column(section("`density.csv`"), "stop")).replace("`", "").split(", ")
    budget = {*budgets.Left._fields}
    assert set(told) == {"failed", "slow", "most", "time", "memory", "disk", "processes",
                         "descriptors"}  # fmt: skip
    assert {name.rpartition("_")[0] for name in budget} < set(told)


def test_what_is_written_is_on_the_disk_and_what_is_shared_counts_once(session):
    """A new file of 8 MiB takes 8; a byte changed in a file of 16 takes a copy of all of it; the
    second image adds its own layer only; ten instances have one set of layers."""
    base = Store().resolve(session.image.digest)
    images = [base, disk.image_of(base)]
    found = {}
    for state in disk.DO:
        for row in disk.trial(session, images, CONTAINER, 2, state, 1):
            found[state, row.part] = row.allocated_mib
    for state in disk.DO:
        for form in ("blobs", "layers"):
            more = found[state, f"{form} of both images"] - found[state, form]
            assert more == pytest.approx(disk.FILE_MIB, abs=0.1)
    grown = [found[state, "instances"] for state in disk.DO]
    assert grown[0] < 1
    assert grown[1] - grown[0] == pytest.approx(2 * disk.WRITTEN_MIB, abs=0.1)
    assert grown[2] - grown[0] == pytest.approx(2 * disk.FILE_MIB, abs=0.1)
    told = ", ".join(first_column(section("`disk.csv`"), "part of disk")).replace("`", "")
    assert {part for _, part in found} <= set(told.split(", "))


@pytest.mark.uml
@pytest.mark.slow
def test_a_guest_copies_blocks_where_a_container_copies_files(stage):
    with Session(stage.image, ["uml"]) as session:
        session.try_all()
        base = Store().resolve(session.image.digest)
        images = [base, disk.image_of(base)]
        rows = disk.trial(session, images, Way("uml"), 1, "changed 1 byte", 1)
    found = {row.part: row for row in rows}
    assert found["instances"].allocated_mib < disk.FILE_MIB / 2
    assert found["disk image"].allocated_mib > disk.FILE_MIB


def test_the_work_is_done_natively_and_inside_out_of_one_image(session):
    """Every kind, or the reason why not; the same image each time it is made."""
    image = workimage.make(Store())
    assert workimage.make(Store()).digest == image.digest
    for way in (work.NATIVE, CONTAINER):
        rows = work.trial(session, image, way, 0.005, 1, 1)
        assert sorted(row.kind for row in rows) == sorted(WORK)
        assert sorted(row.order for row in rows) == list(range(len(WORK)))
        failed = {row.kind for row in rows if row.failed}
        assert failed <= {"redis"}
        for row in rows:
            assert (row.amount is None) == bool(row.failed)
            assert row.failed or (row.amount > 0 and row.inside_s >= 0.005)
        assert work.speed(rows) > 0
    Store().remove(image.reference)


def test_kinds_of_work_are_those_of_the_contract():
    text = section("`work.csv`")
    assert first_column(text, "kind") == list(WORK)


def test_a_victim_works_in_peace_and_beside_a_neighbour_on_one_processor(session, monkeypatch):
    """Which is gone afterwards, as is the tie to the processor; one killed by its limit is told."""
    monkeypatch.setattr(neighbours, "SECONDS", 0.05)
    monkeypatch.setattr(neighbours, "VICTIMS", {"memory": ("page faults",), "cpu": ("integer",)})
    free = [neighbours.FREE]
    tight = [*free, neighbours.Limit("--memory 64m", {"memory_bytes": 64 << 20})]
    cases = {"memory": tight if cgroups.detect().writable else free, "cpu": free}
    monkeypatch.setattr(neighbours, "known_limits", lambda way: cases)
    spawner, image = session.starter.process.pid, workimage.make(Store())
    before = os.sched_getaffinity(spawner)
    for kind, limits in cases.items():
        rows = neighbours.trial(session, image, CONTAINER, kind, 1, 1)
        fared = {(row.noise, row.limit): row.neighbour for row in rows}
        assert fared == {("", ""): "", (kind, ""): "at work"} | {
            (kind, limit.words): "killed by signal 9" for limit in limits[1:]
        }
        assert all(row.amount > 0 and row.inside_s >= 0.05 for row in rows)
        assert neighbours.left(rows) > 0
    assert os.sched_getaffinity(spawner) == before
    Store().remove(image.reference)


def test_only_containers_are_held_back(root):
    """Each neighbour also as it is, so that there is something to compare with."""
    for way in (CONTAINER, Way("uml")):
        found = neighbours.known_limits(way)
        assert found.keys() == neighbours.VICTIMS.keys()
        assert all(limits[0] is neighbours.FREE for limits in found.values())
        held = any(len(limits) > 1 for limits in found.values())
        assert held == (way == CONTAINER and cgroups.detect().writable)
    assert {row for victims in neighbours.VICTIMS.values() for row in victims} <= WORK.keys()


def test_without_its_image_no_work_is_measured_and_the_reason_is_told(session, monkeypatch):
    def make(store):
        raise workimage.Missing("no Python to be had")

    monkeypatch.setattr(workimage, "make", make)
    assert work.arms(session, Wish()) == neighbours.arms(session, Wish()) == []
    assert session.skipped == {"the work inside": "no Python to be had"}


def test_what_runs_inside_knows_nothing_of_the_engine():
    """Its modules import each other and the standard library alone."""
    for path in workimage.INSIDE.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom) and not node.level:
                names = [node.module]
            assert {name.partition(".")[0] for name in names} <= sys.stdlib_module_names
