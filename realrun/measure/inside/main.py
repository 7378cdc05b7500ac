"""The program in the image: `main()` takes `SECONDS KIND ...` from the command line.

Each kind takes one step unmeasured, and then steps until SECONDS have passed on the monotonic clock
of the kernel that it runs on. A line before and one after let whoever listens check that clock by
another:

    begin KIND
    end KIND AMOUNT NANOSECONDS P50_NS P99_NS      the last two: of single steps
    fail KIND WHY
"""

from __future__ import annotations

import array
import os
import sys
import time

from . import hogs, kinds, servers

WORK = kinds.KINDS | servers.KINDS
KINDS = WORK | hogs.KINDS
MOST = 10_000  # steps that percentiles are taken of


def say(*words: object) -> None:
    """A line in one write."""
    os.write(1, ("\t".join(map(str, words)) + "\n").encode())


def measure(name: str, kind: kinds.Kind, seconds: float) -> None:
    """Step until the time is up."""
    with kind() as step:
        step()
        amount, taken = 0.0, array.array("q")
        say("begin", name)
        begin = before = time.monotonic_ns()
        until = begin + int(seconds * 1e9)
        while before < until:
            amount += step()
            now = time.monotonic_ns()
            taken.append(now - before)
            before = now
        steps = sorted(taken[:: len(taken) // MOST + 1])
        p50, p99 = steps[len(steps) // 2], steps[len(steps) * 99 // 100]
        say("end", name, amount, before - begin, p50, p99)


def alone(name: str, kind: kinds.Kind, seconds: float) -> None:
    """In a process of its own, so that no kind leaves anything to the next."""
    pid = os.fork()
    if pid == 0:
        try:
            measure(name, kind, seconds)
        except BaseException as error:
            say("fail", name, " ".join(f"{type(error).__name__}: {error}".split()))
        finally:
            os._exit(0)
    _, status = os.waitpid(pid, 0)
    if os.WIFSIGNALED(status):
        say("fail", name, f"killed by signal {os.WTERMSIG(status)}")


def main() -> None:
    """Each kind by itself, in the order asked for; without any, only a greeting."""
    say("ready")
    seconds, *names = sys.argv[1:] or ["0"]
    for name in names:
        alone(name, KINDS[name][1], float(seconds))
