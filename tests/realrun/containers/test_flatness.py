"""What a command costs does not depend on how many containers there are, but for what it prints.

Counted in system calls, not in seconds: a busy machine makes no difference.
"""

from __future__ import annotations

import os
import shutil

import pytest

from realrun.containers.creating import create
from realrun.containers.registry import Registry
from realrun.engine import Wishes
from tests.realrun.crash.calls import strace

pytestmark = [pytest.mark.strace, pytest.mark.overlay]
FEW, MANY = 10, 160
SLACK = 60  # calls: a longer list of names is read in more pieces
FLAT = {
    "a look-up by name": ["inspect", "c3"],
    "a look-up by an id's beginning": ["inspect", "ID"],
    "ps": ["ps"],
    "prune": ["prune"],
    "logs": ["logs", "c3"],
    "create": ["create", "hello", "true"],
    "start, to the end": ["start", "-a", "c3"],
    "start in the background": ["start", "c3"],
    "stop": ["stop", "c3"],
    "rm": ["rm", "-f", "FIRST"],
    "run --rm": ["run", "--rm", "hello", "true"],
}


@pytest.fixture(scope="module")
def costs(hello_root, tmp_path_factory):
    """Of every command in a ROOT with few containers, and in the same one with many."""
    root = tmp_path_factory.mktemp("flat") / "root"
    shutil.copytree(hello_root, root, symlinks=True)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("REALRUN_ROOT", str(root))
        registry = Registry(root)
        yield [measured(registry, count) for count in (FEW, MANY)]


def measured(registry: Registry, count: int) -> dict[str, int]:
    """System calls of each command, with all its children."""
    there = {one.name for one in registry.all()}
    for name in (f"c{number}" for number in range(count)):
        if name not in there:
            create(registry, "hello", Wishes(words=("true",)), name)
    found = {"ps -a": calls(registry, ["ps", "-a"])}
    # Who waits for another asks again and again, on a busy machine more often: the least counts.
    turns = [{what: calls(registry, words) for what, words in FLAT.items()} for _ in range(2)]
    return found | {what: min(turn[what] for turn in turns) for what in FLAT}


def calls(registry: Registry, words: list[str]) -> int:
    """How many."""
    at = {"ID": registry.find("c5").id[:12], "FIRST": registry.all()[0].name}
    words = [at.get(word, word) for word in words]
    table = registry.root / "table"
    done = strace(["-c", "-o", str(table)], words)
    assert done.code == 0, done
    total = table.read_text().split("\n")[-2].split()
    os.unlink(table)
    assert total[-1] == "total"
    return int(total[3])


@pytest.mark.parametrize("what", FLAT)
def test_it_is_as_quick_with_many_as_with_few(costs, what):
    few, many = costs
    assert many[what] <= few[what] + SLACK, (few[what], many[what])


def test_what_lists_all_takes_a_few_calls_for_each(costs):
    few, many = costs
    assert many["ps -a"] - few["ps -a"] <= 25 * (MANY - FEW)
