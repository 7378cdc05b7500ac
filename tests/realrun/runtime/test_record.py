"""Phases follow each other without gaps and add up to the whole, whatever the stamps."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from realrun.runtime import rootsteps, spawner
from realrun.runtime.plan import CHILD, ENGINE, WATCHED, Plan, Stamp, Step
from realrun.runtime.record import Record
from realrun.runtime.spawner import DONE, FAILED, STAMP

MS = 10**6
STEPS = (
    Step("directories", "", ENGINE, "directories"),
    Step(rootsteps.CLONE, "", ENGINE, rootsteps.CLONE, {"namespaces": ["mnt"]}),
    Step("overlay", "", CHILD, "overlay"),
    Step("exec", "", CHILD, "exec"),
    Step("first output", "", WATCHED),
)


def record(requested_ns: int = 1000 * MS) -> Record:
    return Record(plan=Plan("id", "container", "none", STEPS), requested_ns=requested_ns)


def running(at: list[int], cpu: list[int], born: int = 0, began: int = 0) -> dict:
    """What the spawner tells: the engine's stamps, the child's own birth, the child's, the exec."""
    clone_cpu, *child_cpu = cpu[1:]
    engine = [[0, at[0], cpu[0]], [1, max(at[1], born), clone_cpu]]
    child = [[1, at[1], 0], [2, at[2], child_cpu[0]]]
    return {"event": "running", "pid": 5, "engine_cpu_ns": began, "engine": engine,
            "child": child, "exec": [3, at[3], child_cpu[1]]}  # fmt: skip


EXITED = {"event": "exited", "code": 0, "cpu_s": 0.5, "oom": False}
moments = st.lists(st.integers(0, 10**12), min_size=7, max_size=7).map(sorted)


@given(moments, st.lists(st.integers(0, 10**10), min_size=5, max_size=5), st.integers(0, 10**12))
def test_phases_are_contiguous_and_sum_to_the_whole(at, cpu, late):
    """`begin` of one is the end of the one before; the parent may hear of the clone too late."""
    one = record(requested_ns=0)
    one.hear(running(at, cpu, born=late))
    one.watched.append(spawner.Stamp(4, at[4], cpu[4]))
    one.hear(EXITED | {"exit_ns": max(1, at[5]), "removed_ns": max(1, at[6])})
    phases = one.phases()
    ends = [0.0, *(phase.begin_s + phase.duration_s for phase in phases)]
    assert [phase.begin_s for phase in phases] == pytest.approx(ends[:-1])
    assert sum(phase.duration_s for phase in phases) == pytest.approx(max(1, at[6]) / 1e9)
    assert [phase.name for phase in phases] == [*(s.name for s in STEPS), "exit", "remove"]
    assert [phase.part for phase in phases] == ["start"] * 5 + ["end"] * 2
    assert all(phase.duration_s >= 0 for phase in phases)
    assert all(phase.cpu_s is None or phase.cpu_s >= 0 for phase in phases)


def test_one_start_told_in_full():
    one = record()
    at = [1001 * MS, 1003 * MS, 1004 * MS, 1007 * MS]
    one.hear(running(at, [2 * MS, 3 * MS, 1 * MS, 2 * MS], began=1 * MS))
    one.watched.append(Stamp(4, 1009 * MS, None))
    one.hear(EXITED | {"exit_ns": 1010 * MS, "removed_ns": 1011 * MS})
    assert [(p.step, p.name, p.begin_s, p.duration_s, p.cpu_s) for p in one.phases()] == [
        (0, "directories", 0.0, 0.001, 0.001),
        (1, "clone", 0.001, 0.002, 0.001),
        (2, "overlay", 0.003, 0.001, 0.001),
        (3, "exec", 0.004, 0.003, 0.001),
        (4, "first output", 0.007, 0.002, None),
        (5, "exit", 0.009, 0.001, None),
        (6, "remove", 0.01, 0.001, None),
    ]
    assert (one.pid, one.code, one.cpu_s) == (5, 0, 0.5)


def test_exec_is_over_before_the_first_output():
    """The end of exec is seen by another process than the output, and may be seen later."""
    one = record()
    one.hear(running([1001 * MS, 1003 * MS, 1004 * MS, 1009 * MS], [0, 0, 0, 0]))
    one.output_ns = 1007 * MS
    one.watched.append(Stamp(4, 1007 * MS, 0))
    ends = [(p.name, p.begin_s, p.duration_s) for p in one.phases()[-2:]]
    assert ends == [("exec", 0.004, 0.003), ("first output", 0.007, 0.0)]


@given(st.lists(st.integers(5, 10**9), min_size=4, max_size=4))
def test_no_phase_is_negative_whoever_is_late(seen):
    """exec, output, exit and removal in any order, since different processes see them."""
    exec_ns, output_ns, exit_ns, removed_ns = seen
    one = record(requested_ns=0)
    one.hear(running([1, 2, 3, exec_ns], [0, 0, 0, 0]))
    one.output_ns = output_ns
    one.watched.append(Stamp(4, output_ns, 0))
    one.hear(EXITED | {"exit_ns": exit_ns, "removed_ns": max(exit_ns, removed_ns)})
    phases = one.phases()
    assert [phase.name for phase in phases] == [*(s.name for s in STEPS), "exit", "remove"]
    assert all(phase.duration_s >= 0 for phase in phases)


def test_the_first_output_is_over_before_the_exit():
    """The exit is seen by another process than the output, and may be seen earlier."""
    one = record()
    one.hear(running([1001 * MS, 1003 * MS, 1004 * MS, 1009 * MS], [0, 0, 0, 0]))
    one.output_ns = 1008 * MS
    one.watched.append(Stamp(4, 1008 * MS, None))
    one.hear(EXITED | {"exit_ns": 1006 * MS, "removed_ns": 1010 * MS})
    ends = [(p.name, p.begin_s, p.duration_s) for p in one.phases()[-4:]]
    assert ends == [
        ("exec", 0.004, 0.002),
        ("first output", 0.006, 0.0),
        ("exit", 0.006, 0.0),
        ("remove", 0.006, 0.004),
    ]


def test_before_anything_happened_there_are_no_phases():
    assert record().phases() == []


def test_a_failed_start_has_its_end_only():
    one = record()
    one.hear(EXITED | {"failure": [2, 1, "no"], "exit_ns": 1001 * MS, "removed_ns": 1002 * MS})
    assert [(p.name, p.part) for p in one.phases()] == [("exit", "end"), ("remove", "end")]


stamps = st.lists(st.tuples(st.integers(0, 30), st.integers(0, 2**63), st.integers(0, 2**63)))


@given(stamps, st.none() | st.tuples(st.integers(0, 30), st.integers(0, 133), st.text()))
def test_what_the_child_writes_is_what_is_read(told, failure):
    """Stamps as they are packed, and a failure with its whole text, come back as they were."""
    data = b"".join(STAMP.pack(DONE, *stamp) for stamp in told)
    if failure:
        step, number, text = failure
        data += STAMP.pack(FAILED, step, number, 0) + text.encode("utf-8", "replace")
    found, failed = spawner.parse_stamps(data)
    assert [tuple(stamp) for stamp in found] == told
    assert failed == failure
