"""exec: run one more program in a running container."""

from __future__ import annotations

import argparse
import subprocess
import sys

from realrun import paths
from realrun.containers import joining
from realrun.containers.registry import Registry
from realrun.containers.signals import first_process
from realrun.runtime.watch import Watch
from realrun.verbs import sinks
from realrun.verbs.wishes import environment


def main(args: argparse.Namespace) -> int:
    """The program's exit code, or 126, 127; with -d it goes on by itself."""
    registry = Registry(paths.root())
    container = registry.find(args.container)
    if args.detach:
        with first_process(registry, container):
            detach(args)
        return 0
    more = joining.More(
        words=args.words, env=environment(args), cwd=args.workdir, user=args.user, tty=args.tty
    )
    stdin = sinks.our_input(args.interactive, args.tty)
    with Watch() as starter:
        return joining.run(registry, container, more, starter, sinks.out, sinks.err, stdin)


def detach(args: argparse.Namespace) -> None:
    """The same command, without -d, in a process that nobody waits for."""
    words = ["-w", args.workdir, "-u", args.user, *(["-t"] if args.tty else [])]
    for option, values in (("--env-file", args.env_file), ("-e", args.env)):
        words += [word for value in values for word in (option, value)]
    words += [args.container, *args.words]
    subprocess.Popen(
        [sys.executable, "-m", "realrun.cli", "exec", *words], stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
    )  # fmt: skip
