"""exec: one more program in a running container, in this process."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from realrun import engine
from realrun.containers import pausing
from realrun.containers.record import Container
from realrun.containers.registry import Registry
from realrun.containers.signals import pid_of, process_of
from realrun.containers.watching import raw_terminal
from realrun.linux import processes, terminal
from realrun.runtime import inside, users
from realrun.runtime.run import Run, Sink, drive, seen_off
from realrun.runtime.spec import Spec, new_id
from realrun.runtime.start import Inside, Starter


@dataclass(frozen=True, slots=True, kw_only=True)
class More:
    """What to run, and how it differs from the container's own program; empty = as that."""

    words: Sequence[str]
    env: Mapping[str, str | None] = field(default_factory=dict)
    cwd: str = ""
    user: str = ""
    tty: bool = False


def run(
    registry: Registry, container: Container, more: More, starter: Starter, out: Sink, err: Sink,
    stdin: int | None,
) -> int:  # fmt: skip
    """Run it to its end, passing signals on; its exit code. Raises `engine.StartFailed`."""
    one = begin(registry, container, more, starter, out, err, stdin)
    with (
        seen_off(one, starter),
        raw_terminal(one, stdin),
        engine.passing_signals(one, starter) as heard,
    ):
        drive([one], starter)
    return engine.final_code(one, heard)


def begin(
    registry: Registry, container: Container, more: More, starter: Starter, out: Sink, err: Sink,
    stdin: int | None,
) -> Run:  # fmt: skip
    """Ask for it; what becomes of it is in the run. Raises `pausing.Paused`."""
    pausing.check(registry, container)
    if container.spec.isolation in engine.GUESTS:
        from realrun.guest import commands, visits

        spec = spec_of(container, more, stdin)
        user = users.resolve(spec.user, users.reader(spec.layers))
        script = commands.script(spec, user)
        return visits.begin(registry.path(container.id), spec, script, out, err, stdin)
    pid = program(registry, container)
    with process_of(container, pid) as pidfd:
        folder = str(registry.root / "instances" / container.id)
        into = Inside(
            inside.Container(container.id, pid, folder),
            pidfd,
            str(registry.path(container.id) / "upper"),
        )
        spec = spec_of(container, more, stdin)
        return engine.begin_exec(spec, into, starter, out, err, stdin)


def program(registry: Registry, container: Container) -> int:
    """The number of its program; with --init that is the child of the first process, which lets
    nobody without privilege look into it."""
    pid = pid_of(registry, container)
    return next(iter(processes.children(pid)), pid) if container.spec.init else pid


def spec_of(container: Container, more: More, stdin: int | None) -> Spec:
    """The container's spec with another program."""
    size = (0, 0)
    if more.tty and stdin is not None and os.isatty(stdin):
        size = terminal.size(stdin)
    env = {**container.spec.env, **({"TERM": "xterm"} if more.tty else {}), **more.env}
    return replace(
        container.spec,
        id=new_id(),
        argv=tuple(more.words),
        env={name: value for name, value in env.items() if value is not None},
        cwd=more.cwd or container.spec.cwd,
        user=more.user or container.spec.user,
        terminal=size if more.tty else None,
    )
