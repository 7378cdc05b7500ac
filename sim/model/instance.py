"""The start of one instance: it passes through the stages of its plan, one after the other."""

import random
from collections.abc import Callable, Generator, Iterator, Sequence
from itertools import groupby
from typing import Any, NamedTuple

import simpy

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


def start(host: HostModel, plan: Sequence[Stage], luck: random.Random, tell: Tell) -> Process:
    """Go through `plan`; `tell` hears of each stage when it is over.

    Stages in a row that belong to the same single-threaded server are done in one turn, as a
    spawner does that is handed a whole plan.
    """
    for name, stages in groupby(plan, key=lambda stage: stage.serial):
        asked_s = host.env.now
        if name is None:
            yield from perform(host, stages, luck, tell, asked_s)
            continue
        with host.server(name).join() as turn:
            yield turn
            yield from perform(host, stages, luck, tell, asked_s)


def perform(
    host: HostModel, stages: Iterator[Stage], luck: random.Random, tell: Tell, begin_s: float
) -> Process:
    """Use up the demand of each stage: first its processor time, then its waiting.

    A stage that spins until the clock has moved on (a booting kernel calibrates its delay loop and
    tries out its checksums that way) spins for as long on a crowded host as on an idle one: that
    share of its processor time passes by the clock. Whoever spins has its share of the cores all
    the same, and those that work have less; `cpu_s` tells what was spun alone, on a crowded host
    it is less.
    """
    for stage in stages:
        cpu_s, wait_s = drawn(luck, stage.cpu_s), drawn(luck, stage.wait_s)
        share_s = cpu_s / stage.width_cores
        spun_s = share_s * stage.busy_wait_ratio
        work_s = share_s - spun_s
        if work_s:
            yield host.cpu.serve(work_s * stage.width_cores, stage.width_cores)
        if spun_s:
            spinner = host.cpu.ask(spun_s * stage.width_cores, stage.width_cores, stage.width_cores)
            yield host.env.timeout(spun_s)
            host.cpu.cancel(spinner)
        if wait_s:
            yield host.env.timeout(wait_s)
        tell(Span(stage.name, begin_s, host.env.now, cpu_s))
        begin_s = host.env.now


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
