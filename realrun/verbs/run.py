"""run: start an image and stay until it ends."""

from __future__ import annotations

import argparse
import json
import sys
from typing import Any

from realrun import engine
from realrun.image import Store
from realrun.runtime.plan import Plan
from realrun.runtime.record import Record
from realrun.runtime.watch import Watch
from realrun.verbs.wishes import wishes


def main(args: argparse.Namespace) -> int:
    """Exit code as Docker's: the program's own, or 125, 126, 127."""
    spec = engine.spec_for(Store().resolve(args.image), wishes(args))
    stdin = 0 if args.interactive else None
    with Watch() as starter:
        run = engine.begin(spec, starter, write_to(sys.stdout), write_to(sys.stderr), stdin)
        if args.explain and not args.json:
            print_plan(run.record.plan)
        code = engine.attend(run, starter)
        if args.explain:
            print_costs(run.record, args.json)
        return code


def write_to(stream: Any) -> Any:
    """A sink that hands bytes on at once."""

    def write(data: bytes) -> None:
        stream.buffer.write(data)
        stream.buffer.flush()

    return write


def print_plan(plan: Plan) -> None:
    """The plan, before anything happens; to stderr, since stdout is the program's."""
    width = max(len(step.name) for step in plan.steps)
    print(f"Plan of {plan.isolation!r} ({len(plan.steps)} steps):", file=sys.stderr)
    for number, step in enumerate(plan.steps):
        print(f"  {number:2}  {step.name:<{width}}  {step.does}", file=sys.stderr)
    print(file=sys.stderr, flush=True)


def print_costs(record: Record, as_json: bool) -> None:
    """What each step cost."""
    phases = record.phases()
    if as_json:
        plan = [
            dict(zip(("name", "does", "who"), step[:3], strict=True)) for step in record.plan.steps
        ]
        rows = [phase._asdict() for phase in phases]
        document = {"isolation": record.plan.isolation, "accelerator": record.plan.accelerator}
        print(json.dumps(document | {"plan": plan, "phases": rows, "exit_code": record.code}))
        return
    total_s = sum(phase.duration_s for phase in phases if phase.part == "start")
    print(f"\nFrom the request to the first output: {total_s * 1e3:.1f} ms", file=sys.stderr)
    longest = max((phase.duration_s for phase in phases), default=1) or 1
    for phase in phases:
        bar = "#" * round(30 * phase.duration_s / longest)
        cpu = "" if phase.cpu_s is None else f"{phase.cpu_s * 1e3:9.2f} ms of processor"
        print(
            f"  {phase.step:2}  {phase.name:<18}{phase.duration_s * 1e3:10.2f} ms{cpu:25}  {bar}",
            file=sys.stderr,
        )
