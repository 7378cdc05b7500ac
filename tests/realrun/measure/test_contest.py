"""bench peers and bench start: small real turns, who is missing is said, promises are judged."""

from __future__ import annotations

import json
import os
from collections import Counter, defaultdict
from dataclasses import replace

import pytest

from realrun.errors import Missing, RealRunError
from realrun.linux import play
from realrun.measure import contest, frames, peers, sandbox, startpromises
from realrun.measure.contest import AMONG, AT_A_TIME, HELD, ONE, Contest
from realrun.measure.peers import COMMAND, CONTAINER, FLOOR, LARGE, PROCESS
from realrun.measure.rows import PeerRow, StepRow, columns
from tests.realrun.stage import cli, everything_left

pytestmark = [pytest.mark.overlay, pytest.mark.root]


def quiet(_: str) -> None:
    """Nobody watches."""


@pytest.fixture
def few(root, monkeypatch):
    """Those who are quick to find, the machine's own runtime among them if it is there."""
    monkeypatch.setattr(peers, "LARGE_MIB", 8)
    with peers.place((PROCESS, CONTAINER, LARGE, COMMAND, FLOOR, "runc", "bwrap")) as found:
        yield found


def test_every_round_has_everybody_once_and_the_seed_gives_the_order(few):
    done = Contest(few, 7, quiet)
    done.rounds(3)
    assert done.failed == []
    assert few.plays.keys() >= {PROCESS, CONTAINER, LARGE, COMMAND}
    order = [row.who for row in done.rows]
    count = len(few.plays)
    for number in range(3):
        assert Counter(order[number * count :][:count]) == dict.fromkeys(few.plays, 1)
    assert order == peers.order_of(list(few.plays), 3, 7) != peers.order_of(list(few.plays), 3, 8)
    assert [row.order for row in done.rows] == list(range(3 * count))
    assert all(0 < row.start_s <= row.life_s for row in done.rows)
    assert all((row.exec_s is None) == (row.who in (COMMAND, "runc", "bwrap")) for row in done.rows)


def test_ours_and_the_floors_steps_have_the_plans_names(few):
    if FLOOR in few.skipped:
        pytest.skip(few.skipped[FLOOR])
    done = Contest(few, 1, quiet)
    done.rounds(1)
    names = defaultdict(list)
    for step in done.steps:
        names[step.who].append(step.phase)
    ours = [name for name in names[CONTAINER] if name != "first output"]
    assert ours == names[FLOOR]
    assert ours[:3] == ["writable layer", "own files", "cgroup"]
    assert ours[-3:] == ["exec", "exit", "remove"]


def test_what_each_isolates_is_read_from_its_own_process(few):
    done = Contest(few, 1, quiet)
    done.look()
    ours = done.isolates[CONTAINER]
    assert ours.startswith("cgroup ipc mnt net pid uts; 14 capabilities; seccomp; cgroup ")
    assert ours == done.isolates[COMMAND] == done.isolates[LARGE]
    assert ours == done.isolates.get(FLOOR, ours)
    assert "network lo" in ours
    assert done.isolates[PROCESS].startswith("mnt; ")
    assert "no seccomp; no cgroup" in done.isolates[PROCESS]


def test_many_at_once_and_one_more_in_a_crowd(few, monkeypatch, root):
    monkeypatch.setattr(contest, "EDGE", 2)
    done = Contest(few, 1, quiet)
    done.many(2, count=5, at_once=2)
    done.crowd(6)
    assert done.failed == []
    counts = Counter((row.task, row.who, row.n) for row in done.rows)
    assert counts[AT_A_TIME, CONTAINER, 5] == 2
    assert {key for key in counts if key[:2] == (AMONG, CONTAINER)} == {
        (AMONG, CONTAINER, before) for before in (0, 1, 4, 5)
    }
    assert [row.n for row in done.rows if row.task == HELD] == [0, 6]
    if FLOOR not in few.skipped:
        assert counts[AT_A_TIME, FLOOR, 5] == 2
        assert sum(row.task == AMONG and row.who == FLOOR for row in done.rows) == 4
    assert everything_left(few.store) == []


def test_who_is_not_here_is_said_and_the_others_play(root, monkeypatch, tmp_path):
    monkeypatch.setattr(play, "COMPILERS", ("no-such-compiler",))
    monkeypatch.setattr(peers.docker, "missing", lambda: "there is no dockerd here")
    monkeypatch.setattr(peers.shutil, "which", lambda name: None)
    with peers.place((CONTAINER, FLOOR, "runc", "docker run", "podman run", "bwrap")) as found:
        assert list(found.plays) == [CONTAINER]
        assert found.skipped == {
            FLOOR: "no C compiler here; on Debian and Ubuntu: apt install gcc libc6-dev",
            "runc": "there is no runc here; on Debian and Ubuntu: apt install runc",
            "docker run": "there is no dockerd here",
            "podman run": "there is no podman here; on Debian and Ubuntu: apt install podman",
            "bwrap": "there is no bwrap here",
        }


def test_a_turn_that_fails_is_noted_and_never_a_time(few):
    def fail(words):
        raise RealRunError("not on a Monday")

    few.plays = {CONTAINER: few.plays[CONTAINER], "grump": fail}
    done = Contest(few, 1, quiet)
    done.rounds(2)
    assert done.failed == ["grump: not on a Monday"] * 2
    assert {row.who for row in done.rows} == {CONTAINER}
    with pytest.raises(RealRunError, match="No such file or directory"):
        few.plays[CONTAINER](["/no/such/program"])
    with pytest.raises(RealRunError, match="not to be found in /proc"):
        sandbox.isolates(fail)
    with pytest.raises(Missing, match="there is no no-such-program here"):
        few.command("no-such-program")


def test_the_tables_for_programs(root, tmp_path):
    done = cli("bench", "start", "--runs=2", "--json", "-o", str(tmp_path))
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["meta"]["failed"] == []
    assert {row["who"] for row in told["rows"]} >= {CONTAINER}
    assert {row["run"] for row in told["rows"]} == {0, 1}
    assert sorted(os.listdir(tmp_path)) == ["start.csv", "start.meta.json"]
    found = frames.frame("start", [StepRow(**row) for row in told["rows"]])
    assert list(found.columns) == columns(StepRow)
    assert len(found) == len(told["rows"])


@pytest.mark.parametrize("words", ["peers --runs=0", "peers --repeats=-1", "start --runs=0"])
def test_numbers_that_make_no_sense_are_refused(words):
    done = cli("bench", *words.split())
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)


def row(task: str, who: str, n: int = 1, **values: float) -> PeerRow:
    """A turn of somebody's."""
    told = (values.get(key) for key in ("exec_s", "start_s", "life_s", "pss_mib"))
    return PeerRow("m", "container", "none", task, who, n, 0, 0, *told, "mnt")


def verdicts(rows: list[PeerRow]) -> dict[str, str]:
    """Promise -> kept or not."""
    header, *lines = startpromises.lines(rows)
    assert all(len(line) == len(header) for line in lines)
    return {line[0]: line[-1] for line in lines}


def test_a_promise_is_the_ratio_of_what_was_measured_in_the_same_run():
    found = [row(ONE, CONTAINER, exec_s=1.4, start_s=2.0, life_s=4.0) for _ in range(5)]
    found += [row(ONE, FLOOR, exec_s=1.0, start_s=1.5, life_s=2.0) for _ in range(5)]
    found += [row(ONE, "runc", start_s=10.0, life_s=19.0) for _ in range(5)]
    assert verdicts(found) == {
        "start to exec(2): time of the floor's": "kept",
        "whole life: time of the floor's": "broken",
        "start to first output: time of runc's": "kept",
        "whole life: time of runc's": "broken",
    }


def test_one_more_in_a_crowd_may_be_as_slow_as_the_kernel_makes_it():
    def grown(who: str, factor: float) -> list[PeerRow]:
        return [row(AMONG, who, n, exec_s=factor if n >= 20 else 1.0) for n in range(40)]

    name = "one more in a crowd: time of the first, container"
    assert verdicts(grown(CONTAINER, 1.4))[name] == "kept"
    assert verdicts(grown(CONTAINER, 3.0))[name] == "broken"
    assert verdicts(grown(CONTAINER, 3.0) + grown(FLOOR, 3.0))[name] == "kept"


def test_memory_is_what_the_engine_holds_more_for_each():
    held = [row(HELD, CONTAINER, 0, pss_mib=20.0), row(HELD, CONTAINER, 100, pss_mib=70.0)]
    assert verdicts(held) == {"memory of the engine for each": "kept"}
    held[1] = replace(held[1], pss_mib=220.0)
    assert verdicts(held) == {"memory of the engine for each": "broken"}


def test_the_fastest_comes_first_and_each_says_what_it_isolates():
    found = [row(ONE, "runc", start_s=0.03, life_s=0.04), row(AMONG, FLOOR, exec_s=1.0)]
    found.append(row(ONE, CONTAINER, start_s=0.01, life_s=0.02))
    header, *lines = startpromises.peer_lines(found)
    assert [line[:3] for line in lines] == [(CONTAINER, "1", "10.0"), ("runc", "1", "30.0")]
    assert all(len(line) == len(header) for line in lines)
    assert startpromises.isolates_lines(found)[1:] == [(CONTAINER, "mnt"), ("runc", "mnt")]


def test_a_table_of_steps_has_both_side_by_side():
    steps = [
        StepRow("m", "container", "none", who, 0, 0, name, taken)
        for who, name, taken in (
            (CONTAINER, "proc", 0.003), (FLOOR, "proc", 0.001), (CONTAINER, "first output", 0.002),
        )
    ]  # fmt: skip
    header, *lines = startpromises.step_lines(steps)
    assert lines == [
        ("proc", "3.000", "3.000 - 3.000", "1.000", "1.000 - 1.000", "2.000"),
        ("first output", "2.000", "2.000 - 2.000", "", "", ""),
    ]
    assert len(header) == len(lines[0])
