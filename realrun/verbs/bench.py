"""bench: one experiment, as a table on the terminal, as JSON, or as a file with its certificate."""

from __future__ import annotations

import argparse
import json
import shlex
import sys
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from realrun.console.options import counts, size_bytes
from realrun.console.progress import progress
from realrun.errors import Missing, UsageError
from realrun.image import Store
from realrun.measure import crowds, startup, summary, tables
from realrun.measure.environment import certificate
from realrun.measure.session import Session, Tick
from realrun.measure.tables import Row
from realrun.runtime.spec import ISOLATIONS

if TYPE_CHECKING:
    from realrun.measure.contest import Contest


def main(args: argparse.Namespace) -> int:
    """Measure, then write and print."""
    if args.experiment in OF_THEIR_OWN:
        return OF_THEIR_OWN[args.experiment](args)
    image = Store().resolve(args.image)
    measure = experiment(args)
    with Session(image, args.isolation or ISOLATIONS) as session, progress(args.experiment) as tick:
        session.try_all(tick)
        rows = measure(session, tick)
        born = certificate(command(), args.seed, session.skipped, session.failed)
    if give(args, rows, born):
        summary.show(args.experiment, summary.lines(args.experiment, rows))
    return 0


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
        print(json.dumps({"meta": born, "rows": [row._asdict() for row in rows]}))
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
        summary.show("build", summary.lines("build", place.rows))
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
        raise UsageError(f"--runs and --repeats want numbers above 0; got {asked}")
    return asked or usual


def experiment(args: argparse.Namespace) -> Callable[[Session, Tick], Sequence[Row]]:
    """The experiment with its options, checked before anything is started."""
    if args.experiment == "startup":
        runs = startup.RUNS if args.runs is None else args.runs
        guest_runs = startup.GUEST_RUNS if args.guest_runs is None else args.guest_runs
        if min(runs, guest_runs) < 1:
            raise UsageError("--runs and --guest-runs want numbers above 0")
        return lambda session, tick: startup.startup(session, runs, guest_runs, args.seed, tick)
    n = counts(args.n, "--n") or crowds.N
    guest_n = counts(args.guest_n, "--guest-n") or crowds.GUEST_N
    which = 0 if args.experiment == "storm" else 1
    measure = partial(crowds.crowds, n=n, guest_n=guest_n)
    return lambda session, tick: measure(session, tick=tick)[which]


OF_THEIR_OWN = {"build": build, "peers": peers, "start": start}
