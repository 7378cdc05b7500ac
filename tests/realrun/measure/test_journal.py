"""What was measured is never lost and never doubled, whatever happens to who writes it."""

from __future__ import annotations

import json
import os
import resource
import signal

import pytest

from realrun.errors import RealRunError, UsageError
from realrun.measure import journal
from realrun.measure.journal import Journal
from tests.realrun.measure.made_up import trial

HEAD = {"session": "now", "command": "realrun bench", "seed": 1}


def begun(folder, count=3, **head):
    """A journal of so many trials, closed."""
    book = journal.opened(folder, HEAD | head)
    for run in range(count):
        book.add(trial(run=run))
    book.close()
    return folder / journal.NAME


def reopened(folder, **head) -> Journal:
    book = journal.opened(folder, HEAD | head)
    book.close()
    return book


def test_what_is_written_is_what_is_read(tmp_path):
    begun(tmp_path)
    assert reopened(tmp_path).trials == [trial(run=run) for run in range(3)]
    assert list(reopened(tmp_path).rows("instrument")) == [trial(run=k).rows[0] for k in range(3)]


@pytest.mark.parametrize("left", [1, 20, -1])
def test_half_a_line_is_cut_off_and_the_next_goes_behind_the_last_whole_one(tmp_path, left):
    """As `kill -9` may leave it."""
    path = begun(tmp_path)
    whole = path.read_bytes()
    last = whole.splitlines(keepends=True)[-1]
    path.write_bytes(whole[: len(whole) - len(last)] + last[:left])
    book = journal.opened(tmp_path, HEAD)
    assert [one.row.run for one in book.trials] == [0, 1]
    book.add(trial(run=2))
    book.close()
    assert path.read_bytes() == whole


def test_even_the_first_line_may_be_half(tmp_path):
    path = begun(tmp_path, 0)
    path.write_bytes(path.read_bytes()[:-5])
    begun(tmp_path, 2)
    assert len(reopened(tmp_path).trials) == 2


def test_a_trial_that_has_been_noted_is_refused(tmp_path):
    book = journal.opened(tmp_path, HEAD)
    book.add(trial())
    with pytest.raises(ValueError, match="noted before"):
        book.add(trial(value_s=9.0))
    book.close()


def test_only_what_was_begun_goes_on(tmp_path):
    """The session and the words of the command are those of the beginning."""
    begun(tmp_path)
    told = reopened(tmp_path, session="later", command="again")
    assert told.head == HEAD
    with pytest.raises(UsageError, match=r"begun by `realrun bench` with seed = 1, now it is 2;"):
        reopened(tmp_path, seed=2)


def test_two_do_not_write_at_once(tmp_path):
    book = journal.opened(tmp_path, HEAD)
    with pytest.raises(RealRunError, match="somebody else is measuring into this folder"):
        reopened(tmp_path)
    book.close()
    assert reopened(tmp_path).trials == []


def test_a_full_disk_leaves_whole_lines_alone(tmp_path):
    """Here the limit for a file's size, in the middle of a line; see setrlimit(2)."""
    path = begun(tmp_path)
    size = path.stat().st_size
    child = os.fork()
    if not child:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (size + 100, size + 100))
        try:
            journal.opened(tmp_path, HEAD).add(trial(run=7))
        except OSError:
            os._exit(0)
        os._exit(1)
    assert os.waitpid(child, 0)[1] == 0
    assert path.stat().st_size == size
    assert json.loads(path.read_bytes().splitlines()[0]) == HEAD
