"""Many at once, and pairs of commands in each other's way: one consistent end, and nothing left."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

import realrun
from realrun.containers.registry import Registry
from tests.realrun.stage import COMMAND, HANG_S, PROJECT, cli, everything_left, until

pytestmark = pytest.mark.overlay
FULL = bool(os.environ.get("FULL_SWEEP"))
PROCESSES, EACH = 8, 25 if FULL else 3
ROUNDS = 300 if FULL else 6
STARTER = """
import sys, realrun
for number in range(int(sys.argv[2])):
    box = realrun.run("hello", "sleep", "1000", detach=True, name=f"crowd-{sys.argv[1]}-{number}")
    print(box.id, flush=True)
"""
ACTS = {
    "stop": ["stop", "-t", "1", "one"], "kill": ["kill", "one"], "rm": ["rm", "-f", "one"],
    "wait": ["wait", "one"], "exec": ["exec", "one", "true"], "start": ["start", "one"],
    "logs": ["logs", "-f", "one"], "prune": ["prune"], "commit": ["commit", "one", "pair"],
}  # fmt: skip


@pytest.fixture
def registry(root):
    yield Registry(root)
    assert cli("prune").returncode == 0
    assert everything_left(root) == []


def test_a_crowd_from_many_processes(registry):
    """All of them run, are listed, and are gone; the counts agree."""
    words = [sys.executable, "-c", STARTER]
    processes = [
        subprocess.Popen([*words, str(one), str(EACH)], cwd=PROJECT, stdout=subprocess.PIPE)
        for one in range(PROCESSES)
    ]
    ids = [line for process in processes for line in process.communicate()[0].decode().split()]
    assert [process.returncode for process in processes] == [0] * PROCESSES
    assert len(set(ids)) == PROCESSES * EACH
    assert set(cli("ps", "-q", "--no-trunc").stdout.split()) == set(ids)
    assert cli("prune").returncode == 0
    assert set(cli("ps", "-q", "--no-trunc").stdout.split()) == set(ids)
    assert cli("rm", "-f", *ids, timeout=5 * HANG_S).returncode == 0
    assert registry.ids() == []


def test_one_name_twice_at_once(registry):
    """One wins, the other is told who has it."""
    words = [*COMMAND, "create", "--name", "one", "hello"]
    for _ in range(3):
        both = [
            subprocess.Popen(words, cwd=PROJECT, text=True, stderr=subprocess.PIPE,
                             stdout=subprocess.DEVNULL)
            for _ in range(2)
        ]  # fmt: skip
        errors = [process.communicate()[1] for process in both]
        assert sorted(process.returncode for process in both) == [0, 1]
        assert "the name 'one' is in use by container" in "".join(errors)
        assert cli("rm", "one").returncode == 0


def test_pairs_with_random_delays(registry):
    """Whatever wins: no traceback, one state, one exit code, and it can be removed."""
    chance = random.Random(1)

    def act(name: str, delay_s: float) -> subprocess.CompletedProcess[str]:
        time.sleep(delay_s)
        return cli(*ACTS[name])

    for number in range(ROUNDS):
        cli("create", "--name", "one", "hello", "sh", "-c", "trap 'exit 7' TERM; sleep 0.2 & wait")
        cli("start", "one")
        pair = [chance.choice(list(ACTS)) for _ in range(2)]
        delays = [chance.random() * 0.4 for _ in pair]
        with ThreadPoolExecutor(2) as pool:
            done = list(pool.map(act, pair, delays))
        for name, one in zip(pair, done, strict=True):
            assert "Traceback" not in one.stderr, (number, pair, one)
            assert one.stderr.count("\n") <= 1, (number, pair, one)
            assert one.returncode in (0, 1, 137, 125), (number, name, one)
        consistent(registry, number, pair)
        assert cli("rm", "-f", "one").returncode == 0
        cli("rmi", "-f", "pair")
        assert registry.ids() == []


def consistent(registry: Registry, number: int, pair: list[str]) -> None:
    """It ends, with a code that everybody is told, or has gone."""
    for container in registry.all():
        code = registry.wait(container)
        state = registry.state(container)
        assert (state.status, state.exit_code) == ("exited", code), (number, pair, state)
        assert code in (0, 7, 137, 143), (number, pair, state)
        until(lambda: not everything_left(registry.root), "its instance has gone")


def test_the_image_goes_while_its_container_starts(registry):
    """Either it is told that there is none, or it runs whole; forced away under one that runs, it
    loses its name alone."""
    cli("tag", "hello", "goes")
    with realrun.run("goes", "sleep", "1000", detach=True) as box:
        assert cli("rmi", "goes").returncode == 0  # `hello` still names it
        assert box.exec("cat", "/app/hello.sh").exit_code == 0
    for _ in range(5):
        cli("tag", "hello", "goes")
        with ThreadPoolExecutor(2) as pool:
            run, _ = pool.map(lambda words: cli(*words),
                              (["run", "--rm", "goes"], ["rmi", "goes"]))  # fmt: skip
        assert run.returncode == 0 or "no image 'goes' here" in run.stderr, run
