"""attach: stay with a container that runs in the background, as if it had been started here.

What it says comes from its log, from now on; signals go to its first process. Its input belongs to
its watcher, which hears nobody.

Source: Docker's reference, `docker attach`.
"""

from __future__ import annotations

import argparse
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from realrun import paths
from realrun.console import sinks
from realrun.containers import pausing, reading, signals
from realrun.containers.logs import now
from realrun.containers.record import Container
from realrun.containers.registry import Registry
from realrun.errors import UsageError
from realrun.files import ofdlock
from realrun.runtime.forwarding import ENDING, OTHERS


def main(args: argparse.Namespace) -> int:
    """The program's exit code, once it has ended."""
    registry = Registry(paths.root())
    container = registry.find(args.container)
    signals.pid_of(registry, container)  # it runs
    pausing.check(registry, container)
    if container.interactive and not args.no_stdin:
        raise UsageError(
            f"nobody can be heard by container {container.name} once it is in the background; say"
            f" --no-stdin, or run one more program: `realrun exec -it {container.name} ...`"
        )
    with (
        open(registry.path(container.id) / "watch", "rb") as watch,
        passing(registry, container, args.sig_proxy == "true"),
    ):
        view = reading.View(since=now())
        for stream, data in reading.said(registry, container, view, follow=True):
            (sinks.err if stream == "stderr" else sinks.out)(data)
        ofdlock.wait(watch.fileno())
        told = watch.read().strip()
    return int(told) if told else registry.state(container).exit_code


@contextmanager
def passing(registry: Registry, container: Container, asked: bool) -> Iterator[None]:
    """Pass on to it what signals we get."""

    def pass_on(number: int, _: object) -> None:
        with suppress(signals.NotRunning):
            signals.kill(registry, container, number)

    heeded = [
        number
        for number in ((*ENDING, *OTHERS) if asked else ())
        if signal.getsignal(number) != signal.SIG_IGN
    ]
    old = {number: signal.signal(number, pass_on) for number in heeded}
    try:
        yield
    finally:
        for number, handler in old.items():
            signal.signal(number, handler)
