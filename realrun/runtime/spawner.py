"""Carry out a plan: the engine's steps here, the child's steps in a clone of this process.

Everything is imported before the first clone, and little of it: after the change of root an import
would run the *image's* code with our rights, and whatever is loaded every clone carries along.

The child shares our memory until it touches it, and Python touches whatever it looks at. So what a
step comes down to is made ready here, before the clone, and the child only carries it out: where it
is nothing but system calls, without Python (`realrun.linux.play`).
"""

from __future__ import annotations

import errno
import fcntl
import os
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from realrun.errors import RealRunError, in_words
from realrun.linux import calls, cgroups, descriptors, play, processes, trees
from realrun.linux.calls import Call, Calls, Request, Saved, carry_out
from realrun.runtime import childsteps, ownfiles
from realrun.runtime.childsteps import DONE, ENGINE_FAILED, FAILED, STAMP, imported
from realrun.runtime.joining import born
from realrun.runtime.plan import Stamp

Steps = list[tuple[int, tuple[Request, ...]]]  # by their places in the plan
FINDERS, NOWHERE = sys.meta_path, list[Any]()  # kept, for what is let go would have to be undone
NOT_FOUND, NOT_EXECUTABLE = 127, 126  # exit codes as Docker gives them


class Launched(NamedTuple):
    """A child on its way into the image."""

    pid: int
    stamps_fd: int  # the child's stamps; its end means that the program runs
    lock_fd: int  # held as long as somebody watches over the instance
    cpu_ns: int  # what this process had used when it was asked
    stamps: list[Stamp]  # the engine's own steps
    steps: Steps  # what the child does, to know what it could not do


class StepFailed(RealRunError):
    """A step of the plan was refused; names the step."""


def stamp(step: int) -> Stamp:
    """Now, for the end of `step`, as the calling process sees it."""
    return Stamp(step, time.monotonic_ns(), time.process_time_ns())


# --- the engine's steps ---------------------------------------------------------------------------


def make_directories(folder: str, names: list[str]) -> None:
    """The instance's folders."""
    for name in names:
        os.mkdir(f"{folder}/{name}")


def make_cgroup(name: str, wanted: dict[str, Any]) -> None:
    """Account for and limit what the instance uses."""
    cgroups.create(cgroups.detect(), name, wanted)


def concatenate(sources: list[str], target: str) -> None:
    """One file of several, as the kernel takes initial ram disks."""
    with open(target, "wb") as out:
        for source in sources:
            with open(source, "rb") as part:
                while os.sendfile(out.fileno(), part.fileno(), None, 1 << 30):
                    pass


ENGINE_VERBS: dict[str, Callable[..., None]] = {
    "directories": make_directories,
    "cgroup": make_cgroup,
    "concatenate": concatenate,
    "own files": ownfiles.write,
}


def launch(plan: dict[str, Any], fds: list[int]) -> Launched:
    """Carry out the engine's steps, clone, and let the child carry out its own.

    `plan` holds `engine` and `child` steps as (place, verb, args), `clone` (the place of that step)
    and what `born` wants to know. The first of `fds` is the instance's lock; the next become the
    program's stdin, stdout, stderr and, from there on, its descriptors 4, 5, ... All stay open.
    """
    cpu_ns, stamps = time.process_time_ns(), []
    for place, verb, args in plan["engine"]:
        attempt(ENGINE_VERBS.get(verb) or imported(verb), args, verb)
        stamps.append(stamp(place))
    known = childsteps.streams(fds[1:])
    steps: Steps = [
        (place, attempt(childsteps.ready, {"verb": verb, "args": args, "known": known}, verb))
        for place, verb, args in plan["child"]
    ]
    made = [lock_fd := fcntl.fcntl(fds[0], fcntl.F_DUPFD_CLOEXEC, 3)]
    try:
        reader, writer = os.pipe2(os.O_CLOEXEC)
        made += [reader, writer]
        calls_alone = without_python(plan, steps, first_calls(tuple(fds[1:]), writer))
        if calls_alone and play.library():
            pid, steps = play.launch(plan["namespaces"], calls_alone, writer), [*calls_alone]
        else:
            pid = born(plan, lock_fd, fds[1:], (reader, writer))
    except BaseException:
        for fd in made:
            os.close(fd)
        raise
    if pid == 0:
        run_child(plan["clone"], steps, fds[1:], writer)
    os.close(writer)
    stamps.append(stamp(plan["clone"]))
    return Launched(pid, reader, lock_fd, cpu_ns, stamps, steps)


def without_python(plan: dict[str, Any], steps: Steps, first: Calls) -> list[tuple[int, Calls]]:
    """The steps, the clone's own as the first, if they are system calls and nothing else."""
    if plan.get("join") or plan.get("ids"):
        return []
    found = [(place, requests) for place, requests in steps if isinstance(requests, Calls)]
    return [(plan["clone"], first), *found] if len(found) == len(steps) else []


def attempt(verb: Any, args: dict[str, Any], name: str) -> Any:
    """Do one step; a plain OSError gets the step's name."""
    try:
        return verb(**args)
    except OSError as error:
        raise StepFailed(f"step {name!r}: {error}") from error


# --- the child ----------------------------------------------------------------------------------


def run_child(clone: int, steps: Steps, fds: list[int], writer: int) -> None:
    """The child's life up to exec(2). Never returns, and never lets an exception out.

    What it looks at for the first time is copied, page by page: so it looks at little.
    """
    place, report = clone, writer
    sys.meta_path = NOWHERE  # no import from here on: it would find the image's modules
    try:
        carry_out(beginning(fds, writer))
        descriptors.close_all(len(fds) + 1, but=trees.given())
        report = 3
        os.write(3, STAMP.pack(DONE, clone, time.monotonic_ns(), time.process_time_ns()))
        for place, requests in steps:
            carry_out(requests)
            os.write(3, STAMP.pack(DONE, place, time.monotonic_ns(), time.process_time_ns()))
    except BaseException as error:
        number = getattr(error, "number", None) or getattr(error, "errno", None) or 0
        text = in_words(error).encode("utf-8", "replace")
        os.write(report, STAMP.pack(FAILED, place, number, 0) + text)
    finally:
        os._exit(ENGINE_FAILED)


@lru_cache(maxsize=64)
def first_calls(fds: tuple[int, ...], writer: int) -> Calls:
    """How a child begins that is nothing but calls."""
    return Calls([*beginning(fds, writer), Call("close_range", (len(fds) + 1, 0x7FFFFFFF, 0))])


def beginning(fds: Sequence[int], writer: int) -> Iterator[Call]:
    """0-2 are the program's, 3 our pipe, then what the plan passes on; the rest is closed next.

    At exec would be late: /proc/self/fd leads out until then (CVE-2024-21626). A source that is in
    the way of a target moves first, so none is overwritten too early.
    """
    yield processes.DIE_WITH_PARENT
    yield processes.HEAR_ALL  # our engine holds them back meanwhile
    yield calls.umask(0o022)  # Docker's: the caller's has no say in what an image gets
    sources = [*fds[:3], writer, *fds[3:]]
    for target, fd in enumerate(sources):
        if fd < len(sources):
            yield Call("fcntl", (fd, fcntl.F_DUPFD_CLOEXEC, len(sources)), save=target)
            sources[target] = Saved(target)
    for target, fd in enumerate(sources):
        yield Call("dup3", (fd, target, os.O_CLOEXEC if target == 3 else 0))


# --- what the child reports -----------------------------------------------------------------------


def parse_stamps(
    data: bytes, steps: Steps | tuple[()] = ()
) -> tuple[list[Stamp], tuple[int, int, str] | None]:
    """The child's stamps, and the failure (step, errno, text) if there was one.

    A child without Python tells which of the calls of `steps` it was.
    """
    stamps: list[Stamp] = []
    for start in range(0, len(data), STAMP.size):
        kind, step, at_ns, cpu_ns = STAMP.unpack_from(data, start)
        if kind == DONE:
            stamps.append(Stamp(step, at_ns, cpu_ns))
        elif kind == FAILED:
            said = data[start + STAMP.size :].decode("utf-8", "replace")
            if cpu_ns:  # the number of the call
                said = in_words(calls.refused(dict(steps)[step][cpu_ns - 1], at_ns))
            return stamps, (step, at_ns, said)
    return stamps, None


def exit_code_of(number: int, verb: str) -> int:
    """The exit code for a child that failed at `verb`: 127, 126 or the engine's 125."""
    if verb != "exec":
        return ENGINE_FAILED
    return NOT_FOUND if number == errno.ENOENT else NOT_EXECUTABLE
