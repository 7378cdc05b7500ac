"""Who asks for containers, as a process of its own: small, or as large as a notebook's kernel.

It does what `realrun.run` does, through a spawner, and looks at the clock. Orders come as lines of
JSON on the input, an answer goes out for each.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import realrun
from realrun import engine, paths
from realrun.errors import RealRunError
from realrun.image import Store
from realrun.measure.accounts import KIB_PER_MIB, rollup_kib
from realrun.runtime import start
from realrun.runtime.client import Spawner
from realrun.runtime.record import Record
from realrun.runtime.run import Run, drive, ignore

CODE = "import sys; sys.path.insert(0, {home!r}); from realrun.measure.caller import main; main()"
IMAGE = "busybox"
Answer = dict[str, Any]


class Caller:
    """Our end: orders out, answers in. `mib` and `threads` are what it holds while it calls."""

    def __init__(self, env: Mapping[str, str], mib: int = 0, threads: int = 0) -> None:
        home = str(Path(realrun.__file__).parents[1])
        self.process = subprocess.Popen(
            [sys.executable, "-c", CODE.format(home=home), str(mib), str(threads)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=dict(env),
        )  # fmt: skip

    def ask(self, do: str, **words: Any) -> Answer:
        """The answer to one order; raises RealRunError for one that failed."""
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.write(json.dumps({"do": do} | words).encode() + b"\n")
        self.process.stdin.flush()
        answer: Answer = json.loads(self.process.stdout.readline() or b'{"failed": "it has died"}')
        if "failed" in answer:
            raise RealRunError(answer["failed"])
        return answer

    def __enter__(self) -> Caller:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.communicate()


def main() -> None:
    """Entry point: MiB and threads to hold, then orders until the input ends."""
    mib, threads = map(int, sys.argv[1:])
    ballast, done = bytearray(os.urandom(1 << 20)) * mib, threading.Event()
    for _ in range(threads):
        threading.Thread(target=done.wait, daemon=True).start()
    with Spawner() as starter:
        for line in sys.stdin:
            order = json.loads(line)
            try:
                answer = ORDERS[order.pop("do")](starter, **order)
            except RealRunError as error:
                answer = {"failed": str(error)}
            print(json.dumps(answer), flush=True)
    done.set()
    assert len(ballast) == mib << 20


def begun(starter: Spawner, isolation: str, words: Sequence[str]) -> Run:
    """As `realrun.run` begins."""
    wishes = engine.Wishes(isolation=isolation, words=tuple(words))
    spec = engine.spec_for(Store().resolve(IMAGE), wishes)
    return engine.begin(spec, starter, ignore, ignore)


def one(starter: Spawner, isolation: str, words: Sequence[str]) -> Answer:
    """One instance from the call to its return, s: exec(2) over, first output, the end."""
    asked_ns = time.monotonic_ns()
    run = begun(starter, isolation, words)
    try:
        drive([run], starter)
    finally:
        run.close()
    ended_ns, record = time.monotonic_ns(), run.record
    if code := engine.exit_code(run):
        raise RealRunError(f"{isolation}: {words[0]} ended with {code}")
    return {
        "exec_s": (record.child[-1].at_ns - asked_ns) / 1e9,
        "start_s": (record.output_ns - asked_ns) / 1e9,
        "life_s": (ended_ns - asked_ns) / 1e9,
        "steps": {phase.name: phase.duration_s for phase in record.phases()},
    }


def many(starter: Spawner, count: int, at_once: int, words: Sequence[str]) -> Answer:
    """`count` containers, so many at once, until the last is gone, s."""
    asked_ns, left, runs = time.monotonic_ns(), count, list[Run]()
    while left or runs:
        while left and len(runs) < at_once:
            runs.append(begun(starter, "container", words))
            left -= 1
        drive(runs, starter, until=lambda _: any(map(Run.over, runs)))
        for run in [run for run in runs if run.over()]:
            run.close()
            runs.remove(run)
            if code := engine.exit_code(run):
                raise RealRunError(f"{words[0]} ended with {code}")
    return {"life_s": (time.monotonic_ns() - asked_ns) / 1e9}


def crowd(starter: Spawner, count: int, words: Sequence[str]) -> Answer:
    """Containers that stay, one after the other: how long each took to exec(2), s; and what we
    and the spawner hold before the first and after the last, MiB."""
    records, seen = dict[str, Record](), list[float]()
    held, null = [pss_mib(starter)], start.null()
    for _ in range(count):
        asked_ns = time.monotonic_ns()
        spec = engine.spec_for(Store().resolve(IMAGE), engine.Wishes(words=tuple(words)))
        record = records[spec.id] = start.begin(spec, paths.root(), starter, [null] * 3)
        while not record.pid:
            hear(starter, records)
            if record.code is not None:
                raise RealRunError(f"{words[0]} ended with {record.code}")
        seen.append((record.child[-1].at_ns - asked_ns) / 1e9)
    held.append(pss_mib(starter))
    os.close(null)
    for name in records:
        starter.signal(name, 9)
    while any(record.code is None for record in records.values()):
        hear(starter, records)
    return {"exec_s": seen, "pss_mib": held}


def hear(starter: Spawner, records: Mapping[str, Record]) -> None:
    """What happened since."""
    for event in starter.events():
        records[event["id"]].hear(event)


def pss_mib(starter: Spawner) -> float:
    """What the engine holds: this process and the spawner."""
    return sum(rollup_kib(pid)["Pss"] for pid in (os.getpid(), starter.process.pid)) / KIB_PER_MIB


ORDERS: dict[str, Callable[..., Answer]] = {"one": one, "many": many, "crowd": crowd}
