"""run: create a container and start it."""

from __future__ import annotations

import argparse
import json
import sys

from realrun import paths
from realrun.console import sinks
from realrun.console.wishes import wishes
from realrun.containers import watching
from realrun.containers.creating import create
from realrun.containers.registry import Registry
from realrun.errors import UsageError
from realrun.runtime.plan import Plan
from realrun.runtime.record import Record
from realrun.runtime.run import Run
from realrun.runtime.watch import Watch


def main(args: argparse.Namespace) -> int:
    """Exit code as Docker's: the program's own, or 125, 126, 127; with -d prints the id."""
    if args.detach and args.explain:
        raise UsageError("--explain tells of a start to its end; leave out -d")
    stdin = None if args.detach else sinks.our_input(args.interactive, args.tty)
    registry = Registry(paths.root())
    container = create(registry, args.image, wishes(args), args.name)
    if args.detach:
        from realrun.containers import keeper

        try:
            keeper.detach(registry, container)
        finally:  # as in Docker: it is there, also if it cannot be started
            print(container.id, flush=True)
        return 0
    seen: list[Run] = []

    def asked(run: Run) -> None:
        seen.append(run)
        if args.explain and not args.json:
            print_plan(run.record.plan)

    try:
        with Watch() as starter:
            code = watching.foreground(
                registry, container, starter, sinks.out, sinks.err, stdin, asked
            )
    finally:
        if args.explain and seen:
            print_costs(seen[0].record, args.json)
    return code


def print_plan(plan: Plan) -> None:
    """The plan, before anything happens; to stderr, since stdout is the program's."""
    width = max(len(step.name) for step in plan.steps)
    kind = f"{plan.isolation!r}, level {plan.level}" if plan.level else repr(plan.isolation)
    print(f"Plan of {kind} ({len(plan.steps)} steps):", file=sys.stderr)
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
        document: dict[str, object] = {
            "isolation": record.plan.isolation, "accelerator": record.plan.accelerator,
            "level": record.plan.level, "clock_error_ns": record.clock_error_ns,
        }  # fmt: skip
        print(json.dumps(document | {"plan": plan, "phases": rows, "exit_code": record.code}))
        return
    total_s = sum(phase.duration_s for phase in phases if phase.part == "start")
    print(f"\nFrom the request to the first output: {total_s * 1e3:.1f} ms", file=sys.stderr)
    if record.clock_error_ns is not None:
        error_ms = record.clock_error_ns / 1e6
        print(f"The guest's clock is put on ours within {error_ms:.2f} ms", file=sys.stderr)
    longest = max((phase.duration_s for phase in phases), default=1) or 1
    for phase in phases:
        bar = "#" * round(30 * phase.duration_s / longest)
        cpu = "" if phase.cpu_s is None else f"{phase.cpu_s * 1e3:9.2f} ms of processor"
        print(
            f"  {phase.step:2}  {phase.name:<18}{phase.duration_s * 1e3:10.2f} ms{cpu:25}  {bar}",
            file=sys.stderr,
        )
