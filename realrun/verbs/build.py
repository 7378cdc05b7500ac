"""build: a Dockerfile becomes an image; each RUN runs in a container of ours."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from realrun import build as builder
from realrun import engine
from realrun.image import Store
from realrun.runtime.run import drive
from realrun.runtime.spec import DEFAULT_PATH, Spec
from realrun.runtime.watch import Watch
from realrun.verbs.options import settings


def main(args: argparse.Namespace) -> int:
    """Build, tag, and print the image's id last."""
    starter = Watch()
    try:
        image = builder.build(
            Path(args.context),
            store=Store(),
            run_step=step_runner(starter),
            tags=args.tag,
            dockerfile=Path(args.file) if args.file else None,
            build_args=settings(args.build_arg, "--build-arg"),
            target=args.target,
            no_cache=args.no_cache,
            progress=ignore if args.quiet else draw,
        )
    finally:
        starter.close()
    print(image.image_id)
    return 0


def step_runner(starter: Watch) -> builder.RunStep:
    """Carries out RUN in a container whose writable layer becomes the image's next layer.

    As in Docker, a step sees the network; without a bridge of our own that is the host's.
    """

    def run_step(
        *,
        layers: Sequence[Path],
        upper: Path,
        argv: Sequence[str],
        env: Mapping[str, str],
        cwd: str,
        user: str,
        on_output: Callable[[bytes], None],
    ) -> int:
        spec = Spec(
            layers=tuple(map(str, layers)),
            argv=tuple(argv),
            env={"PATH": DEFAULT_PATH} | dict(env),
            cwd=cwd,
            user=user,
            hostname="build",
            network="host",
            upper=str(upper),
        )
        run = engine.begin(spec, starter, on_output, on_output)
        try:
            drive([run], starter)
        finally:
            run.close()
        try:
            return engine.exit_code(run)
        except engine.StartFailed as error:
            on_output(f"{error}\n".encode())
            return error.code

    return run_step


def ignore(_: builder.Event) -> None:
    """Quiet."""


def draw(event: builder.Event) -> None:
    """One line an event, as Docker's plain progress; to stderr, since stdout is for the id."""
    place = f"[{event.stage + ' ' if event.stage else ''}{event.step}/{event.steps}]"
    if event.state == "begin":
        print(f"{place} {event.text}", file=sys.stderr)
    elif event.state == "cached":
        print(f"{place} {event.text}\n    CACHED", file=sys.stderr)
    elif event.state == "done" and event.seconds >= 0.05:
        print(f"    done in {event.seconds:.1f} s", file=sys.stderr)
    elif event.state == "note":
        print(f"note: {event.text}", file=sys.stderr)
    elif event.state == "output":
        sys.stderr.flush()
        os.write(2, b"".join(b"    | " + line for line in event.output.splitlines(keepends=True)))
