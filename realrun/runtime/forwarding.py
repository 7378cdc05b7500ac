"""Signals that we are sent are meant for the program: pass them on, as `docker run` does.

Source: Docker's reference, `docker run --sig-proxy`; signal(7); proc_pid_status(5), SigCgt.
"""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager

from realrun.runtime.run import Run
from realrun.runtime.start import Starter

DEAF_S = 1.0
ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)
OTHERS = (signal.SIGUSR1, signal.SIGUSR2)


@contextmanager
def passing_signals(run: Run, starter: Starter) -> Iterator[list[int]]:
    """Pass signals on to the program; gives those that were heard.

    One that has a handler may take its time. One that is deaf to a signal that should end it (a
    first process without a handler is) is killed a second later or at the next, so that nothing
    stays behind: here we differ from Docker, where it goes on.
    """
    heard: list[int] = []
    deaf: list[int] = []

    def pass_on(number: int, _: object) -> None:
        heard.append(number)
        if deaf and number not in OTHERS:
            starter.signal(run.id, signal.SIGKILL)
            return
        run.signal(starter, number)
        if number in ENDING and run.is_deaf(number):
            deaf.append(number)
            signal.setitimer(signal.ITIMER_REAL, DEAF_S)

    numbers = (*ENDING, signal.SIGALRM, *OTHERS)
    # What our caller ignores, as `nohup` and a script's background job do, stays ignored.
    heeded = [number for number in numbers if signal.getsignal(number) != signal.SIG_IGN]
    old = {number: signal.signal(number, pass_on) for number in heeded}
    try:
        yield heard
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        for number, handler in old.items():
            signal.signal(number, handler)
