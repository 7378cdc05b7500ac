"""build: a Dockerfile becomes an image."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from realrun import building
from realrun.build import Event
from realrun.build.progress import silent
from realrun.image import Store
from realrun.runtime.watch import Watch
from realrun.verbs.contexts import context
from realrun.verbs.options import labels, settings


def main(args: argparse.Namespace) -> int:
    """Build, tag, and print the image's id last; after a failure there is no file with an id."""
    if args.iidfile:
        Path(args.iidfile).unlink(missing_ok=True)
    given = {
        "build_args": settings(args.build_arg, "--build-arg"),
        "labels": labels(args.label),
    }
    with Watch() as starter, context(Store(), args.context, args.file) as found:
        image = building.build(
            found.folder,
            args.tag,
            starter,
            dockerfile=found.dockerfile,
            target=args.target,
            no_cache=args.no_cache,
            progress=silent if args.quiet else draw,
            **given,
        )
    if args.iidfile:
        Path(args.iidfile).write_text(image.image_id)
    print(image.image_id)
    return 0


def draw(event: Event) -> None:
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
