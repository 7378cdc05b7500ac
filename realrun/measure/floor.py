"""The kernel floor: a plan played by a C program that makes the same requests and nothing else.

What lies between it and the engine is the engine's own; what lies below it only the kernel's
authors can save. It is compiled where it is used.
"""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from typing import IO

from realrun.errors import Missing, RealRunError
from realrun.linux.play import compiler
from realrun.measure import score
from realrun.runtime import ownfiles, start
from realrun.runtime.spec import Spec

SOURCE = Path(__file__).with_name("floor.c")
BEGIN, CLONED, RUNNING = "begin", "cloned", "running"
EXIT, REMOVED = "exit", "removed"
Stamps = Mapping[str, int]  # name of a step -> when it was over, ns of CLOCK_MONOTONIC


def compiled(folder: Path, *more: str) -> Path:
    """The program, made in `folder`. Raises Missing without a compiler, its headers or root."""
    if os.geteuid() != 0:
        raise Missing("the floor plays a container of root's: run as root")
    program = folder / "floor"
    if (cc := compiler()) is None:
        raise Missing("no C compiler here; on Debian and Ubuntu: apt install gcc libc6-dev")
    words = [cc, "-O2", *more, "-o", str(program), str(SOURCE)]
    done = subprocess.run(words, capture_output=True, text=True)
    if done.returncode:
        raise Missing(f"the floor does not compile here: {' '.join(done.stderr.split())[-300:]}")
    return program


def scored(spec: Spec, root: Path, path: Path) -> Path:
    """The score of the container that `spec` asks for, written to `path`."""
    ownfiles.make_init_layers(root)
    folder = root / "instances" / spec.id
    folder.parent.mkdir(mode=0o700, exist_ok=True)
    path.write_bytes(score.written(start.plan_for(spec, str(folder)), str(folder)))
    return path


@contextmanager
def playing(
    program: Path, scores: Sequence[Path], at_once: int, out: int
) -> Iterator[tuple[subprocess.Popen[bytes], Callable[[], list[Stamps]]]]:
    """The program at work, and what to call when it has ended: see `play`."""
    with tempfile.NamedTemporaryFile("r", encoding="utf-8") as stamps, subprocess.Popen(
        [program, str(at_once), stamps.name, *scores],
        stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.PIPE,
    ) as process:  # fmt: skip
        yield process, lambda: told(process, stamps, len(scores))


def told(process: subprocess.Popen[bytes], stamps: IO[str], count: int) -> list[Stamps]:
    """When each step of each score was over."""
    _, said = process.communicate()
    if process.returncode:
        why = said.decode("utf-8", "replace").strip()[-300:]
        raise RealRunError(why or f"floor: exit code {process.returncode}")
    found: list[dict[str, int]] = [{} for _ in range(count)]
    for line in stamps:
        number, name, at_ns = line.split("\t")
        found[int(number)][name] = int(at_ns)
    return list(found)


def play(
    program: Path, scores: Sequence[Path], at_once: int = 1, out: int = subprocess.DEVNULL
) -> list[Stamps]:
    """Play scores, at most so many at once, to their end; when each step was over.

    With `at_once` 0 all stay until the last one runs. What they print goes to `out`. Raises
    RealRunError if a request is refused, or if a program does not end well.
    """
    with playing(program, scores, at_once, out) as (_, result):
        return result()


def steps(stamps: Stamps) -> dict[str, float]:
    """How long each step took, s, by the names of the engine's phases."""
    known = sorted((at_ns, name) for name, at_ns in stamps.items() if name != CLONED)
    names = {RUNNING: "exec", REMOVED: "remove"}
    return {
        names.get(name, name): (at_ns - before_ns) / 1e9
        for (before_ns, _), (at_ns, name) in pairwise(known)
    }
