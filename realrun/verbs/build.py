"""build: a Dockerfile becomes an image."""

from __future__ import annotations

import argparse
import os
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from realrun.build import Event, Job, Runner, build
from realrun.build.progress import silent
from realrun.console.contexts import context
from realrun.console.options import labels, settings
from realrun.console.secrets import secrets
from realrun.image import Store

LONG_LINE = 64 << 10


def main(args: argparse.Namespace) -> int:
    """Build, tag, and print the image's id last; after a failure there is no file with an id."""
    if args.iidfile:
        Path(args.iidfile).unlink(missing_ok=True)
    given: dict[str, Any] = {
        "build_args": settings(args.build_arg, "--build-arg"),
        "labels": labels(args.label),
        "secrets": secrets(args.secret),
    }
    drawing = Drawing()
    try:
        with OnDemand() as runner, context(Store(), args.context, args.file) as found:
            image = build(
                found.folder,
                store=Store(),
                runner=runner,
                tags=args.tag,
                dockerfile=found.dockerfile,
                target=args.target,
                no_cache=args.no_cache,
                network=args.network,
                progress=silent if args.quiet else drawing,
                **given,
            )
    finally:
        drawing.close()
    if args.iidfile:
        Path(args.iidfile).write_text(image.image_id)
    print(image.image_id)
    return 0


class OnDemand(ExitStack):
    """A runner that is there with the first RUN: most of a cached build would be loading it."""

    _runner: Runner | None = None

    def begin(self, job: Job) -> None:
        if self._runner is None:
            from realrun.building import Containers
            from realrun.runtime.client import Spawner

            self._runner = Containers(self.enter_context(Spawner()))
        self._runner.begin(job)

    def wait(self) -> tuple[Job, int] | None:
        return self._runner.wait() if self._runner else None

    def stop(self) -> None:
        if self._runner:
            self._runner.stop()


class Drawing:
    """Docker's plain progress, to stderr, since stdout is for the id.

    Several stages may be at work at once: then each line begins with its stage and step.
    """

    def __init__(self) -> None:
        self._begun: dict[str, bytes] = {}  # of each place the last line, as far as it has come

    def __call__(self, event: Event) -> None:
        place = f"[{event.stage + ' ' if event.stage else ''}{event.step}/{event.steps}]"
        prefix = place if event.stage else "   "
        if event.state == "begin":
            show(f"{place} {event.text}")
        elif event.state == "output":
            self._hear(f"{prefix} | ", event.output)
        elif event.state == "note":
            show(f"note: {event.text}")
        else:
            self._end(f"{prefix} | ")
            if event.state == "cached":
                show(f"{prefix} CACHED")
            elif event.seconds >= 0.05:
                show(f"{prefix} done in {event.seconds:.1f} s")

    def _hear(self, prefix: str, output: bytes) -> None:
        """Whole lines only, unless a line does not end."""
        *whole, rest = (self._begun.pop(prefix, b"") + output).split(b"\n")
        write(b"".join(prefix.encode() + line + b"\n" for line in whole))
        self._begun[prefix] = rest
        if len(rest) > LONG_LINE:
            self._end(prefix)

    def _end(self, prefix: str) -> None:
        """What was no whole line is one now."""
        if rest := self._begun.pop(prefix, b""):
            write(prefix.encode() + rest + b"\n")

    def close(self) -> None:
        """The same for all steps that did not come to their end."""
        for prefix in list(self._begun):
            self._end(prefix)


def show(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def write(data: bytes) -> None:
    """As it is: what a program says need not be text."""
    sys.stderr.flush()
    while data:
        data = data[os.write(2, data) :]
