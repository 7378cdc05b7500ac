"""Blocks of replications: what one worker is given at a time, and where that happens."""

import math
import os
import signal
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import (
    FIRST_COMPLETED,
    CancelledError,
    Future,
    ProcessPoolExecutor,
    wait,
)
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context, parent_process
from typing import Any, NamedTuple, Protocol

from sim.errors import SimError
from sim.profiles import Profile
from sim.sweep.experiments import replicate

Rows = list[tuple[float, ...]]
TRIES = 3  # a block whose worker died this often is at fault itself


class Block(NamedTuple):
    """Replications `first` to `first + many - 1` of one point."""

    point: int
    first: int
    many: int
    experiment: str
    isolation: str
    n: int
    seed: int
    profile: Profile
    quantities: tuple[str, ...]


def run(block: Block) -> Rows:
    """The numbers of every replication; the same wherever and whenever it runs."""
    rows = []
    for number in range(block.first, block.first + block.many):
        asked = block.profile, block.isolation, block.n, number, block.seed
        found = replicate(block.experiment, *asked)
        rows.append(tuple(found.get(name, math.nan) for name in block.quantities))
    return rows


class Workers(Protocol):
    """Whoever runs blocks: give some, and take each back with its rows when it is done."""

    def give(self, blocks: Sequence[Block]) -> None:
        """Add to what is to be done."""

    def done(self) -> Iterator[tuple[Block, Rows]]:
        """Finished blocks in any order until nothing is left; more may be given meanwhile."""

    def close(self) -> None:
        """Drop what is not finished."""


class Processes:
    """Worker processes of this machine. One that is killed costs its block's time, no more."""

    def __init__(self, count: int) -> None:
        self.count = count
        self._todo: list[Block] = []
        self._running: dict[Future[Rows], Block] = {}
        self._tries: dict[tuple[int, int], int] = {}
        self._pool = self._new_pool()

    def _new_pool(self) -> ProcessPoolExecutor:
        # Not fork: this process may have threads, and a copy of their locks would be held for ever.
        return ProcessPoolExecutor(self.count, get_context("spawn"), initializer=_begin)

    def give(self, blocks: Sequence[Block]) -> None:
        """Add to what is to be done."""
        self._todo += blocks

    def done(self) -> Iterator[tuple[Block, Rows]]:
        """Finished blocks in any order, until nothing is left to do."""
        while self._todo or self._running:
            try:
                self._start()
                finished, _ = wait(self._running, return_when=FIRST_COMPLETED)
                for future in finished:
                    rows = future.result()
                    yield self._running.pop(future), rows
            except BrokenProcessPool:
                yield from self._finished()
                self._again()

    def _finished(self) -> Iterator[tuple[Block, Rows]]:
        """What was done when a worker died, and only had not been taken yet."""
        for future, block in list(self._running.items()):
            if future.done() and not future.cancelled() and future.exception() is None:
                del self._running[future]
                yield block, future.result()

    def _start(self) -> None:
        # Two for each worker: none waits for us, and little is lost when one dies.
        while self._todo and len(self._running) < 2 * self.count:
            block = self._todo.pop(0)
            try:
                self._running[self._pool.submit(run, block)] = block
            except BrokenProcessPool:
                self._todo.insert(0, block)
                raise

    def _again(self) -> None:
        """A worker was killed: the pool is of no use any more, its unfinished blocks go back."""
        lost = list(self._running.values())
        self._running.clear()
        for block in lost:
            key = block.point, block.first
            self._tries[key] = self._tries.get(key, 0) + 1
            if self._tries[key] >= 2 * TRIES * self.count:
                raise SimError(
                    f"point {block.point}: its worker died {self._tries[key]} times; is there"
                    " enough memory?"
                )
        self._todo = lost + self._todo
        self._pool.shutdown(wait=False, cancel_futures=True)
        self._pool = self._new_pool()

    def close(self) -> None:
        """Drop what is not finished."""
        self._pool.shutdown(wait=False, cancel_futures=True)


def _begin() -> None:
    """A worker's first act: end by signals without words, and end when whoever started it has.

    Killed, a parent cannot tell its workers; each of them watches for that by itself.
    """
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = parent_process()
    assert parent is not None
    parent.join()
    os._exit(1)


class Inline:
    """No worker but this process: what a test and a single core want."""

    def __init__(self) -> None:
        self._todo: list[Block] = []

    def give(self, blocks: Sequence[Block]) -> None:
        """Add to what is to be done."""
        self._todo += blocks

    def done(self) -> Iterator[tuple[Block, Rows]]:
        """Finished blocks in order."""
        while self._todo:
            block = self._todo.pop(0)
            yield block, run(block)

    def close(self) -> None:
        """Nothing is under way."""


class Cluster:
    """A Dask cluster; it gives blocks of a dead worker to another one by itself."""

    def __init__(self, address: str) -> None:
        distributed = _distributed()
        try:
            self._client: Any = distributed.Client(address, timeout="30s", set_as_default=False)
        except (OSError, ValueError) as why:
            raise SimError(f"--scheduler {address}: no Dask scheduler answers: {why}") from why
        self._completed: Any = distributed.as_completed
        self._killed: Any = distributed.KilledWorker
        self._blocks: dict[str, Block] = {}
        self._given: list[Any] = []

    def give(self, blocks: Sequence[Block]) -> None:
        """Add to what is to be done."""
        for block in blocks:
            future = self._client.submit(run, block, pure=False, retries=TRIES)
            self._blocks[future.key] = block
            self._given.append(future)

    def done(self) -> Iterator[tuple[Block, Rows]]:
        """Finished blocks in any order, until nothing is left to do."""
        waiting = self._completed([], loop=self._client.loop)
        while True:
            while self._given:
                waiting.add(self._given.pop())
            if waiting.is_empty():
                return
            future = next(waiting)
            yield self._blocks.pop(future.key), self._rows(future)

    def _rows(self, future: Any) -> Rows:
        try:
            rows: Rows = future.result()
        except (OSError, CancelledError, self._killed) as why:
            raise SimError(
                f"the cluster gave up ({why!r}); what was finished is kept: run the same again"
            ) from why
        return rows

    def close(self) -> None:
        """Let go of the cluster; what it still works on is dropped."""
        self._client.close()


def _distributed() -> Any:
    try:
        import distributed
    except ImportError as why:
        raise SimError(
            "--scheduler needs the packages dask and distributed:"
            " pip install 'one-image-every-isolation[sweep]'"
        ) from why
    return distributed


def workers(count: int | None, scheduler: str | None) -> Workers:
    """A cluster if there is an address, else local processes; one alone is this process."""
    if scheduler:
        return Cluster(scheduler)
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    chosen = count or cores or 1
    return Processes(chosen) if chosen > 1 else Inline()
