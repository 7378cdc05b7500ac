"""bench: one experiment, as a table on the terminal, as JSON, or as a file with its certificate."""

from __future__ import annotations

import argparse
import json
import shlex
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from realrun.console.options import counts, size_bytes
from realrun.console.progress import meter, progress
from realrun.errors import Missing, UsageError
from realrun.guest import levels
from realrun.image import Store
from realrun.measure import summary, tables
from realrun.measure.catalogue import EXPERIMENTS
from realrun.measure.environment import certificate
from realrun.measure.experiment import Wish
from realrun.measure.recording import Recording, written
from realrun.measure.rows import Row
from realrun.runtime.spec import ISOLATIONS
from realrun.sizes import duration_s

if TYPE_CHECKING:
    from realrun.measure.contest import Contest


SHOWN = 4  # of a list that may be long; its certificate has all


def main(args: argparse.Namespace) -> int:
    """Measure, then write and print."""
    if args.experiment in OF_THEIR_OWN:
        return OF_THEIR_OWN[args.experiment](args)
    names = list(EXPERIMENTS) if args.experiment == "all" else [args.experiment]
    image, folder = Store().resolve(args.image), Path(args.out) if args.out else None
    ways = args.isolation or ISOLATIONS
    if args.levels:
        ways = [f"{name}:{level}" if level else name for name, level in levels.ways()
                if name in ways]  # fmt: skip
    wish = wish_of(args)
    form = tables.PARQUET if args.parquet else tables.CSV
    if args.parquet:
        tables.in_parquet().data("trials", [])  # fail now, not after it all
    with meter("bench") as tell:
        recording = Recording(names, image, ways, wish, command(), folder, tell, form)
        try:
            with written(recording):
                recording.measure()
        except KeyboardInterrupt:
            if folder:
                print(f"stopped; the same command goes on where this one was: {command()}")
            raise
    tell_all(args, recording)
    return 0


def wish_of(args: argparse.Namespace) -> Wish:
    """The options that all experiments share, checked before anything is started."""
    blocks = None if args.blocks is None else positive(args.blocks, 1)
    return Wish(
        seed=args.seed,
        budget_s=duration_s(args.budget, "--budget") if args.budget else None,
        blocks=(blocks, blocks) if blocks else None,
        n=counts(args.n, "--n") or (),
        guest_n=counts(args.guest_n, "--guest-n") or (),
    )


def tell_all(args: argparse.Namespace, recording: Recording) -> None:
    """What is missing, where the tables are, and the tables for people."""
    born = recording.certificate()
    for line in [*(f"skipped {k}: {v}" for k, v in born["skipped"].items()), *born["failed"]]:
        print(line, file=sys.stderr)
    if args.json:
        rows = {name: recording.rows(name) for name in recording.tables}
        told = {name: list(map(asdict, found)) for name, found in rows.items()}
        print(json.dumps({"meta": born, "tables": told}))
        return
    for bench in recording.benches:
        unit = "ms" if bench.experiment.unit == "s" else bench.experiment.unit
        summary.show(f"{bench.experiment.name} [{unit}]", summary.arm_lines(bench))
        if dear := [name for name, why in bench.stopped.items() if why == summary.DEAR]:
            more = f" and {len(dear) - SHOWN} more" if len(dear) > SHOWN else ""
            print(f"too dear for the budget: {'; '.join(dear[:SHOWN])}{more}")
        if tell := bench.experiment.tell:
            found = [row for name in bench.experiment.tables for row in recording.rows(name)]
            for title, lines in tell([row for row in found if row.block]):
                summary.show(title, lines)
        if said := bench.experiment.remark(bench.figures):
            print(said)
    if recording.folder:
        print(recording.folder, file=sys.stderr)


def command() -> str:
    return shlex.join(["realrun", *sys.argv[1:]])


def give(args: argparse.Namespace, rows: Sequence[Row], born: dict[str, Any]) -> bool:
    """Say what is missing, write, and print JSON; true if people want to see tables."""
    for name, why in born["skipped"].items():
        print(f"skipped {name}: {why}", file=sys.stderr)
    if not rows:
        raise Missing("no isolation works here; `realrun doctor` says what is missing")
    if args.out:
        print(tables.write(Path(args.out), args.experiment, rows, born), file=sys.stderr)
    if args.json:
        print(json.dumps({"meta": born, "rows": list(map(asdict, rows))}))
    return not (args.json or args.out)


def build(args: argparse.Namespace) -> int:
    """Builds and large layers, beside those who do the same."""
    from realrun.measure import builds, promises

    runs = builds.RUNS if args.runs is None else args.runs
    layer_runs = builds.LAYER_RUNS if args.layer_runs is None else args.layer_runs
    size_mib = size_bytes(args.size or f"{builds.SIZE_MIB}m", "--size") >> 20
    if min(runs, layer_runs, size_mib) < 1:
        raise UsageError("--runs, --layer-runs and --size want numbers above 0, --size some MiB")
    with progress("build") as tick:
        place = builds.builds(size_mib, runs, layer_runs, args.seed, tick)
        born = certificate(command(), args.seed, place.skipped, place.failed)
    born["versions"] |= place.versions
    for line in place.failed:
        print(f"failed: {line}", file=sys.stderr)
    if give(args, place.rows, born) or (args.out and not args.json):
        summary.show("build", summary.build_lines(place.rows))
        summary.show("promises", promises.lines(place.rows, args.seed))
    return 0


def peers(args: argparse.Namespace) -> int:
    """Starts, beside the kernel's floor and beside those who do the same."""
    from realrun.measure import contest, startpromises

    runs = positive(args.runs, contest.ROUNDS), positive(args.repeats, contest.REPEATS)
    crowd = contest.CROWD if args.crowd is None else args.crowd
    with progress("peers") as tick:
        done = contest.peer_contest(*runs, crowd, args.seed, tick)
    if told(args, done.rows, done):
        summary.show("peers", startpromises.peer_lines(done.rows))
        summary.show("sandboxes", startpromises.isolates_lines(done.rows))
        summary.show("promises", startpromises.lines(done.rows, args.seed))
    return 0


def start(args: argparse.Namespace) -> int:
    """A container and the floor; with `--profile` step by step."""
    from realrun.measure import contest, startpromises

    runs = positive(args.runs, contest.ROUNDS)
    with progress("start") as tick:
        done = contest.start_contest(runs, args.seed, tick)
    if told(args, done.steps, done):
        if args.profile:
            summary.show("steps", startpromises.step_lines(done.steps))
        summary.show("promises", startpromises.lines(done.rows, args.seed))
    return 0


def told(args: argparse.Namespace, rows: Sequence[Row], done: Contest) -> bool:
    """Written with its certificate; true if people want to see tables."""
    born = certificate(command(), args.seed, done.place.skipped, done.failed)
    born["versions"] |= done.place.versions
    for line in done.failed:
        print(f"failed: {line}", file=sys.stderr)
    return give(args, rows, born) or not args.json


def positive(asked: int | None, usual: int) -> int:
    """How many."""
    if asked is not None and asked < 1:
        raise UsageError(f"--runs, --repeats and --blocks want numbers above 0; got {asked}")
    return asked or usual


OF_THEIR_OWN = {"build": build, "peers": peers, "start": start}
