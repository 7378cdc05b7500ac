"""logs: what a container has said; output to the output, errors to the errors.

Source: Docker's reference, `docker logs`.
"""

from __future__ import annotations

import argparse
import re
import sys
import time

from realrun import paths
from realrun.containers import moments, reading
from realrun.containers.logs import moment
from realrun.containers.registry import Registry
from realrun.errors import UsageError


def main(args: argparse.Namespace) -> int:
    """Whatever is wanted of it; with -f until the container ends."""
    registry = Registry(paths.root())
    container = registry.find(args.container)
    now_ns = time.time_ns()
    since, until = (
        moment(moments.asked(word, now_ns)) if word else "" for word in (args.since, args.until)
    )
    view = reading.View(last=lines(args.tail), since=since, until=until, times=args.timestamps)
    for stream, data in reading.said(registry, container, view, args.follow):
        sink = getattr(sys, stream).buffer
        sink.write(data)
        sink.flush()
    return 0


def lines(text: str) -> int:
    """A number of lines; -1 for all."""
    if text == "all":
        return -1
    if not re.fullmatch(r"-?[0-9]{1,15}", text):
        raise UsageError(f"--tail wants a number of lines, or all; got {text!r}")
    return max(-1, int(text))
