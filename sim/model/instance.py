"""The start of one instance: it passes through the stages of its plan, one after the other."""

import random
from collections.abc import Callable, Generator, Sequence
from typing import Any, NamedTuple

import simpy

from sim.engine.queue import Turn
from sim.engine.streams import drawn
from sim.errors import ModelBroken
from sim.model.host import HostModel
from sim.profiles import Stage

Process = Generator[simpy.Event, Any, None]


class Span(NamedTuple):
    """One stage in the start of one instance; queueing for a server counts to the stage."""

    stage: str
    begin_s: float
    end_s: float
    cpu_s: float


Tell = Callable[[Span], None]


def start(
    host: HostModel, plan: Sequence[Stage], luck: random.Random, tell: Tell | None = None
) -> Process:
    """Go through `plan`; `tell`, if there is one, hears of each stage when it is over.

    A stage uses up its demands in turn: lock, disk, processor time, waiting. Stages in a row that
    belong to the same single-threaded server are done in one turn, as a spawner does that is handed
    a whole plan.

    A stage that spins until the clock has moved on (a booting kernel calibrates its delay loop and
    tries out its checksums that way) spins for as long on a crowded host as on an idle one: that
    share of its processor time passes by the clock. Whoever spins has its share of the cores all
    the same, and those that work have less; `cpu_s` tells what was spun alone, on a crowded host
    it is less.
    """
    env, cpu, disk = host.env, host.cpu, host.disk
    begin_s = env.now
    held: str | None = None
    turn: Turn | None = None
    try:
        for stage in plan:
            if stage.serial != held:
                if turn is not None:
                    turn.queue.leave(turn)
                    turn = None
                held = stage.serial
                if held is not None:
                    turn = host.server(held).join()
                    yield turn
            cpu_s, wait_s = drawn(luck, stage.cpu_s), drawn(luck, stage.wait_s)
            if stage.lock is not None:
                yield host.lock(stage.lock).hold(drawn(luck, stage.hold_s))
            if disk is not None and (stage.disk_mib or stage.disk_operations):
                yield disk.transfer(stage.disk_mib, stage.disk_operations)
            spun_s = cpu_s * stage.busy_wait_ratio
            width = stage.width_cores
            if cpu_s > spun_s:
                yield cpu.ask(cpu_s - spun_s, width, width)
            if spun_s:
                spinner = cpu.ask(spun_s, width, width)
                yield env.timeout(spun_s / width)
                cpu.cancel(spinner)
            if wait_s:
                yield env.timeout(wait_s)
            if tell is not None:
                tell(Span(stage.name, begin_s, env.now, cpu_s))
                begin_s = env.now
    finally:
        if turn is not None:
            turn.queue.leave(turn)


def check_spans(spans: Sequence[Span], asked_s: float, ready_s: float) -> None:
    """Law: stages follow each other without gaps and add up to the whole start."""
    at_s = asked_s
    for span in spans:
        if span.begin_s != at_s or span.end_s < span.begin_s:
            raise ModelBroken(
                f"stage {span.stage!r} runs {span.begin_s}..{span.end_s}, not {at_s}.."
            )
        at_s = span.end_s
    if at_s != ready_s:
        raise ModelBroken(f"stages end at {at_s} s, the start at {ready_s} s")
