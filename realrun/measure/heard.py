"""What an instance of the image `work` says, with the host's clock beside its own."""

from __future__ import annotations

import os
import selectors
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from realrun.errors import RealRunError
from realrun.runtime.run import CHUNK


class Trial(NamedTuple):
    """One kind of work, done once: the amount in its unit, its time by both clocks, one step's."""

    kind: str
    amount: float
    inside_s: float
    host_s: float
    p50_s: float
    p99_s: float


class Heard:
    """A sink for the program's output; see `inside.main` for its lines."""

    def __init__(self) -> None:
        self.trials: list[Trial] = []
        self.failed: dict[str, str] = {}
        self.began_ns: dict[str, int] = {}
        self.rest = b""

    def __call__(self, data: bytes) -> None:
        """Some bytes have just come."""
        now_ns = time.monotonic_ns()
        *lines, self.rest = (self.rest + data).split(b"\n")
        for line in lines:
            self.hear(now_ns, line.decode(errors="replace").rstrip("\r").split("\t"))

    def hear(self, now_ns: int, words: Sequence[str]) -> None:
        """One line."""
        match words:
            case ["begin", kind]:
                self.began_ns[kind] = now_ns
            case ["end", kind, amount, *times] if kind in self.began_ns and len(times) == 3:
                inside_s, p50_s, p99_s = (int(word) / 1e9 for word in times)
                host_s = (now_ns - self.began_ns[kind]) / 1e9
                self.trials.append(Trial(kind, float(amount), inside_s, host_s, p50_s, p99_s))
            case ["fail", kind, why]:
                self.failed[kind] = why

    def begun(self, kind: str) -> bool:
        """Has it prepared itself, and begun to work."""
        return kind in self.began_ns

    def missing(self, kinds: Sequence[str]) -> dict[str, str]:
        """The kinds that gave no figure, each with the reason."""
        done = {trial.kind for trial in self.trials}
        known = {"": "not begun"} | dict.fromkeys(self.began_ns, "did not end")
        return {
            kind: self.failed.get(kind) or known.get(kind, known[""])
            for kind in kinds
            if kind not in done
        }


def natively(
    words: Sequence[str], environment: Mapping[str, str], heard: Heard, patience_s: float
) -> None:
    """Run a command to its end. Raises RealRunError if it fails, or hangs and has to be killed."""
    late_s = time.monotonic() + patience_s
    with subprocess.Popen(
        words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, env=dict(environment),
        start_new_session=True,
    ) as process, selectors.DefaultSelector() as selector:  # fmt: skip
        assert process.stdout is not None
        selector.register(process.stdout, selectors.EVENT_READ)
        try:
            while (left_s := late_s - time.monotonic()) > 0:
                if selector.select(left_s):
                    data = os.read(process.stdout.fileno(), CHUNK)
                    heard(data)
                    if not data:
                        process.wait(max(0.0, late_s - time.monotonic()))
                        break
        except subprocess.TimeoutExpired:
            pass  # all has been said, but it stays: killed below like one that says nothing
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
    if process.returncode:
        raise RealRunError(f"native: the program ended with exit code {process.returncode}")
