"""exec: run one more program in a running container."""

from __future__ import annotations

import argparse
import os
from typing import NoReturn

from realrun import engine, paths
from realrun.console import sinks
from realrun.console.wishes import environment
from realrun.containers import joining
from realrun.containers.record import Container
from realrun.containers.registry import Registry
from realrun.containers.signals import first_process
from realrun.errors import RealRunError, UsageError
from realrun.runtime.run import Run, drive, ignore
from realrun.runtime.watch import Watch


class Refused(RealRunError):
    """The container runs, but not this program in it."""

    code = 126


def main(args: argparse.Namespace) -> int:
    """The program's exit code, or 126, 127; with -d it goes on by itself."""
    registry = Registry(paths.root())
    container = registry.find(args.container)
    more = joining.More(
        words=args.words, env=environment(args), cwd=args.workdir, user=args.user, tty=args.tty
    )
    if not args.words:
        raise UsageError("exec wants a command behind the container's name")
    with first_process(registry, container):
        pass  # it runs; what is wrong from here on is wrong with the program
    try:
        if args.detach:
            detach(registry, container, more)
            return 0
        stdin = sinks.our_input(args.interactive, args.tty)
        with Watch() as starter:
            return joining.run(registry, container, more, starter, sinks.out, sinks.err, stdin)
    except UsageError as error:
        raise Refused(str(error)) from error


def detach(registry: Registry, container: Container, more: joining.More) -> None:
    """Run it in a process that nobody waits for; returns when it runs, raises if it cannot."""
    reader, writer = os.pipe()
    if os.fork() == 0:
        os.close(reader)
        os.setsid()
        null = os.open(os.devnull, os.O_RDWR)
        for fd in range(3):
            os.dup2(null, fd)
        watch_over(registry, container, more, writer)
    os.close(writer)
    with open(reader, "rb") as answer:
        if told := answer.read().decode():
            raise RealRunError(told)


def watch_over(
    registry: Registry, container: Container, more: joining.More, tell_fd: int
) -> NoReturn:
    """Start it, tell why it does not run or close `tell_fd`, and stay to its end."""
    try:
        with Watch() as starter:
            one = joining.begin(registry, container, more, starter, ignore, ignore, None)
            drive([one], starter, until=Run.begun)
            if error := engine.failure(one.record):
                raise error
            os.close(tell_fd)
            drive([one], starter)
            one.close()
    except RealRunError as error:
        os.write(tell_fd, str(error).encode())
    finally:
        os._exit(0)
