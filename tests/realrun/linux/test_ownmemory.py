"""Memory that children are not given: less to copy, and nothing that they miss."""

from __future__ import annotations

import subprocess
import sys

import pytest

from realrun.linux import play
from realrun.runtime.client import Spawner
from tests.realrun.stage import PROJECT, Stage

pytestmark = pytest.mark.skipif(not play.library(), reason="no C compiler here")

KEPT = """
import os, resource, subprocess
from realrun.linux import calls, namespaces, ownmemory, play
from realrun.linux.calls import Call, Calls

text, faults = "x" * 5_000_000, lambda: resource.getrusage(resource.RUSAGE_SELF).ru_minflt
play.withhold()
assert sum(end - start for start, end in ownmemory.OWN) > len(text)

before = faults()
for _ in range(20):
    pid = play.launch([], [(0, Calls([Call("exit_group", (7,))]))], 2)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 7
print("faults", (faults() - before) // 20)

for fork in (os.fork, lambda: namespaces.clone([])):  # these children are Python's, and have all
    if (pid := fork()) == 0:
        os._exit(9 if text == "x" * len(text) else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 9
assert subprocess.run(["true"], preexec_fn=lambda: text.upper()).returncode == 0
large = calls.write("/dev/null", "y" * 1_000_000)
pid = play.launch([], [(0, Calls([*large, Call("exit_group", (5,))]))], 2)
assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 5
"""
MISSED = """
from realrun.linux import ownmemory, play

real = play.library()
play.library = lambda: real
real.of_thread = lambda: 0
play.withhold()
print("own", len(ownmemory.OWN))
"""


def told(script: str) -> dict[str, int]:
    """What a process of its own prints, a word and a number a line."""
    words = [sys.executable, "-W", "ignore", "-c", script]
    done = subprocess.run(words, cwd=PROJECT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return {name: int(number) for name, number in map(str.split, done.stdout.splitlines())}


def test_who_goes_on_copies_little_and_pythons_children_have_all():
    assert told(KEPT)["faults"] < 60


def test_where_a_child_would_miss_something_all_is_given():
    """Here it misses the memory of its thread: the trial child dies, and that is noticed."""
    assert told(MISSED) == {"own": 0}


@pytest.mark.overlay
def test_a_spawner_starts_both_kinds_in_turn(root):
    """With a volume or a terminal a child is Python's; before and after it those of calls alone."""
    with Spawner() as starter:
        stage = Stage(starter)
        for init in (False, True, False, True, False):
            assert stage.run("/bin/echo", "hi", init=init).out == "hi\n"
