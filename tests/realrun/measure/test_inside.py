"""The work that is measured, at work: as a program, by its lines, and by what listens to it."""

from __future__ import annotations

import os
import subprocess
import sys
import time

import pytest

from realrun.errors import RealRunError
from realrun.measure.heard import Heard, natively
from realrun.measure.inside.main import KINDS, WORK

PROGRAM = "from realrun.measure.inside.main import main; main()"
NEEDS_IMAGE = {"fork and exec", "redis"}  # programs of the image `work`
HERE = {"PATH": os.defpath, "PYTHONPATH": ":".join(filter(None, sys.path))}


def heard_of(*words: str, patience_s: float = 60.0) -> Heard:
    heard = Heard()
    natively([sys.executable, "-c", PROGRAM, *words], HERE, heard, patience_s)
    return heard


def test_every_kind_does_some_work_and_says_how_much():
    """In the order asked for, and in what time."""
    kinds = [kind for kind in WORK if kind not in NEEDS_IMAGE]
    heard = heard_of("0.01", *kinds)
    assert heard.missing(kinds) == {}
    assert [trial.kind for trial in heard.trials] == kinds
    for trial in heard.trials:
        assert trial.amount > 0, trial
        assert trial.inside_s >= 0.01, trial
        assert trial.host_s >= 0, trial  # both lines may be heard late, and at once
        assert 0 < trial.p50_s <= trial.p99_s <= trial.inside_s, trial


def test_a_kind_that_fails_says_why_and_the_others_go_on():
    heard = heard_of("0.01", "redis", "integer")
    assert [trial.kind for trial in heard.trials] == ["integer"]
    assert heard.missing(["redis", "integer"]) == {"redis": heard.failed["redis"]}
    assert "redis-server" in heard.failed["redis"]


def test_bad_neighbours_work_until_they_are_killed():
    hogs = [kind for kind in KINDS if kind not in WORK]
    heard = heard_of("0.01", *hogs)
    assert [trial.kind for trial in heard.trials] == hogs


def test_a_program_that_hangs_is_killed_with_all_that_it_has_started():
    """Its figures up to then stay; what it was at is missing, with the reason."""
    heard = Heard()
    code = "import os, time\nprint('begin\\ta', flush=True)\nos.fork()\ntime.sleep(1000)"
    began = time.monotonic()
    with pytest.raises(RealRunError, match="exit code -9"):
        natively([sys.executable, "-c", code], HERE, heard, 4.0)
    assert time.monotonic() - began < 500
    assert heard.missing(["a", "b"]) == {"a": "did not end", "b": "not begun"}
    listed = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True)
    assert code.splitlines()[-1] not in listed.stdout


def test_a_program_that_fails_is_an_error():
    with pytest.raises(RealRunError, match="exit code 3"):
        natively([sys.executable, "-c", "raise SystemExit(3)"], HERE, Heard(), 60.0)


def test_lines_are_heard_in_whatever_pieces_they_come():
    """A terminal's carriage return is no part of them; nonsense is left aside."""
    heard = Heard()
    said = b"ready\nbegin\ta b\r\nend\ta b\t2.0\t1000000000\t5\t9\r\n"
    said += b"end\tunknown\t1\t1\t1\t1\nx\ty\nend\t"
    for place in range(len(said)):
        heard(said[place : place + 1])
    (trial,) = heard.trials
    assert trial[:3] == ("a b", 2.0, 1.0)
    assert trial[4:] == (5e-9, 9e-9)
    assert trial.host_s >= 0
    assert heard.missing(["a b", "c"]) == {"c": "not begun"}
