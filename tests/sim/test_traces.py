"""Traces: valid in the Chrome trace format, and no phase is lost or moved."""

import json
import math
from collections import defaultdict

import pytest

from sim.cli import main
from sim.contract import StartupRow
from sim.files import read_table
from sim.profile_files import write_profile
from sim.traces import Slice, write_trace
from tests.sim import made_up
from tests.sim.profiles_made_up import profile


def slices_of(path) -> tuple[list[dict], dict[int, str], dict[int, str]]:
    """Complete events, names of groups and of tracks; the form of every event is checked."""
    told = json.loads(path.read_text(encoding="utf-8"))
    events = told["traceEvents"]
    for event in events:
        assert event["ph"] in ("X", "M")
        assert isinstance(event["pid"], int)
        assert isinstance(event["tid"], int)
    complete = [event for event in events if event["ph"] == "X"]
    for event in complete:
        assert event["ts"] >= 0
        assert event["dur"] >= 0
    named = {
        kind: {
            event["pid" if kind == "process_name" else "tid"]: event["args"]["name"]
            for event in events
            if event["name"] == kind
        }
        for kind in ("process_name", "thread_name")
    }
    assert {event["pid"] for event in complete} == set(named["process_name"])
    assert {event["tid"] for event in complete} == set(named["thread_name"])
    return complete, named["process_name"], named["thread_name"]


def assert_in_turn(complete: list[dict]) -> None:
    """On one track slices follow each other: a viewer would nest what overlaps."""
    tracks = defaultdict(list)
    for event in complete:
        tracks[event["tid"]].append((event["ts"], event["dur"]))
    for slices in tracks.values():
        ends = [ts + dur for ts, dur in sorted(slices)]
        begins = [ts for ts, _ in sorted(slices)][1:]
        assert all(end <= begin + 0.002 for end, begin in zip(ends, begins, strict=False))


def test_measured_starts_are_all_there(tmp_path, capsys):
    folder = made_up.tables(tmp_path / "tables", ("process", "uml"))
    out = tmp_path / "trace.json"
    assert main(["trace", str(folder), "--trace", str(out)]) == 0
    complete, groups, tracks = slices_of(out)
    rows = read_table(folder, "startup")
    starts = [event for event in complete if "one by one" in groups[event["pid"]]]
    assert len(starts) == len(rows)
    assert_in_turn(complete)
    assert "uml, storm of 8, no. 0, measured" in groups.values()
    assert "start 0, first after the build" in tracks.values()
    total = sum(row.duration_s for row in rows if isinstance(row, StartupRow))
    assert sum(event["dur"] for event in starts) == pytest.approx(1e6 * total, rel=1e-5)
    assert capsys.readouterr().out.startswith(str(out))


def test_simulated_storms_have_every_stage(tmp_path):
    write_profile(tmp_path / "p.toml", profile(spread=0.2))
    out = tmp_path / "trace.json"
    command = ["run", str(tmp_path / "p.toml"), "--n", "3", "-o", str(tmp_path / "o")]
    assert main([*command, "--trace", str(out)]) == 0
    complete, groups, _ = slices_of(out)
    assert_in_turn(complete)
    storm = next(pid for pid, name in groups.items() if name.startswith("process, storm of 3"))
    mine = [event for event in complete if event["pid"] == storm]
    assert sorted(event["name"] for event in mine) == ["clone"] * 3 + ["first output"] * 3
    # The clones are done in turn by one spawner: each instance's ends later than the one before.
    assert len({event["ts"] + event["dur"] for event in mine if event["name"] == "clone"}) == 3


def test_what_is_not_known_is_left_out(tmp_path):
    one = Slice("uml, one by one", "start 0", "kernel", 0.0, 1.5, math.nan, "uml", "uml")
    assert write_trace(tmp_path / "t.json", [one]) == 1
    complete, *_ = slices_of(tmp_path / "t.json")
    assert (complete[0]["dur"], complete[0]["args"]) == (1.5e6, {})


def test_a_folder_without_tables_is_one_line(tmp_path, capsys):
    assert main(["trace", str(tmp_path), "--trace", str(tmp_path / "t.json")]) == 2
    assert "has neither startup.csv nor storm.csv" in capsys.readouterr().err
    assert not (tmp_path / "t.json").exists()
