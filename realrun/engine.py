"""One door to every isolation: an image and wishes in, a run out."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Protocol

from realrun import paths
from realrun.errors import GuestFailed, RealRunError, UsageError
from realrun.guest import levels
from realrun.linux import capabilities, processes
from realrun.runtime import limitwords, start, streams, subids
from realrun.runtime.forwarding import passing_signals
from realrun.runtime.mountwords import clean_target
from realrun.runtime.plan import Plan
from realrun.runtime.record import Record
from realrun.runtime.run import Run, Sink, drive
from realrun.runtime.spec import SHM_BYTES, Device, Mount, Spec, command, environment, new_id
from realrun.runtime.start import Inside, Starter

GUESTS = ("uml", "qemu")
ENGINE_FAILED = 125  # the engine's own exit code, as Docker's
WITHIN_A_GUEST = "its devices, rights and system calls are its own kernel's"
LOG_MAX_BYTES, LOG_MAX_FILES = 20 << 20, 5  # of a log, as of Docker's driver `local`


class Runnable(Protocol):
    """What the engine needs to know of an image."""

    @property
    def digest(self) -> str: ...

    @property
    def config(self) -> Mapping[str, Any]: ...

    @property
    def layers(self) -> tuple[Path, ...]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """What the caller wants on top of the image's settings; empty = as the image says."""

    isolation: str = "container"
    level: str = ""  # of a guest, see `guest.levels`; and its machine type
    machine: str = ""
    kernel: str = ""  # a guest's own kernel: a file
    words: tuple[str, ...] = ()
    env: Mapping[str, str | None] = field(default_factory=dict)  # None takes a name away
    entrypoint: str | None = None
    cwd: str = ""
    user: str = ""
    hostname: str = ""
    network: str = "none"
    userns: str = ""  # host (as without) or auto
    limits: Mapping[str, Any] = field(default_factory=dict)  # by the names of `limitwords`
    devices: Sequence[Device] = ()
    mounts: Sequence[Mount] = ()
    read_only: bool = False
    shm_bytes: int = SHM_BYTES
    ulimits: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    cap_add: Sequence[str] = ()
    cap_drop: Sequence[str] = ()
    no_new_privileges: bool = False
    seccomp: bool = True
    seccomp_profile: Mapping[str, Any] = field(default_factory=dict)  # as Docker's; {}: the default
    init: bool = False
    tty: bool = False
    # What a container's record keeps, beside its spec.
    labels: Mapping[str, str] = field(default_factory=dict)
    stop_signal: str = ""
    stop_timeout_s: int = 10  # -1: for ever
    interactive: bool = False
    auto_remove: bool = False
    attached: bool = True
    log_max_bytes: int = LOG_MAX_BYTES  # of each file of its log; 0 = no limit
    log_max_files: int = LOG_MAX_FILES
    host_words: Mapping[str, Any] = field(default_factory=dict)  # what `inspect` gives back


def spec_for(image: Runnable, wishes: Wishes) -> Spec:
    """The image's settings with the wishes on top."""
    check_wishes(wishes)
    ids = subids.asked(wishes.userns)
    instance, contained = new_id(), wishes.isolation == "container"
    hostname = wishes.hostname or (os.uname().nodename if shares_name(wishes) else instance[:12])
    config = image.config
    level, machine = levels.asked(wishes.isolation, wishes.level, wishes.machine)
    return Spec(
        layers=tuple(map(str, image.layers)),
        argv=tuple(command(config, wishes.words, wishes.entrypoint)),
        env=environment(config, wishes.env, hostname, wishes.tty),
        cwd=wishes.cwd or config.get("WorkingDir") or "/",
        user=wishes.user or config.get("User") or "",
        hostname=hostname,
        isolation=wishes.isolation,
        level=level,
        machine=machine,
        kernel=os.path.abspath(wishes.kernel) if wishes.kernel else "",
        network=wishes.network,
        image_digest=image.digest,
        limits=limitwords.with_swap(wishes.limits) if contained else wishes.limits,
        devices=tuple(wishes.devices),
        mounts=mounts_for(config, wishes),
        read_only=wishes.read_only,
        shm_bytes=wishes.shm_bytes,
        ulimits=wishes.ulimits,
        capabilities=capabilities.chosen(wishes.cap_add, wishes.cap_drop),
        no_new_privileges=wishes.no_new_privileges,
        seccomp=wishes.seccomp,
        seccomp_profile=wishes.seccomp_profile,
        init=wishes.init,
        uid_map=ids.uids if ids else (),
        gid_map=ids.gids if ids else (),
        terminal=(0, 0) if wishes.tty else None,
        id=instance,
    )


def shares_name(wishes: Wishes) -> bool:
    """Who shares the machine's network is called as the machine, as in Docker."""
    return wishes.isolation == "container" and wishes.network == "host"


def mounts_for(config: Mapping[str, Any], wishes: Wishes) -> tuple[Mount, ...]:
    """The mounts that are wished for, and a new volume for each VOLUME of the image without one.

    A guest keeps what is written there on its own disk, with everything else.
    """
    targets = [mount.target for mount in wishes.mounts]
    for target in targets:
        if targets.count(target) > 1:
            raise UsageError(f"{target} is mounted twice; each place takes one mount")
    if wishes.isolation in GUESTS:
        return tuple(wishes.mounts)
    own = {clean_target(path) for path in config.get("Volumes") or {}}
    new = [Mount("volume", "", target) for target in sorted(own - set(targets) - {"/"})]
    return (*wishes.mounts, *new)


def check_wishes(wishes: Wishes) -> None:
    """Refuse what an isolation cannot do, rather than ignore it."""
    if wishes.isolation != "container":
        check_container_options(wishes)
    if wishes.kernel and wishes.isolation not in GUESTS:
        raise UsageError(f"--isolation {wishes.isolation} runs on this machine's kernel, not on"
                         " --kernel; leave it out, or say --isolation uml or qemu")  # fmt: skip
    if wishes.isolation == "process" and (wishes.limits or wishes.hostname):
        raise UsageError(
            "--isolation process has no control group and no host name of its own; "
            "limits and --hostname need container, uml or qemu"
        )
    if wishes.isolation in GUESTS:
        if wishes.network != "none":
            raise UsageError("guests have no network device yet: --network must be none")
        from realrun.guest.hardware import check

        check(wishes.isolation, wishes.limits, wishes.ulimits)


def check_container_options(wishes: Wishes) -> None:
    """What only a container can be given; a mount, a limit or a read-only root also a process."""
    guest = wishes.isolation in GUESTS
    asked = {
        "--shm-size": not guest and wishes.shm_bytes != SHM_BYTES,
        "--device": wishes.devices,
        "--cap-add and --cap-drop": wishes.cap_add or wishes.cap_drop,
        "--security-opt no-new-privileges": not guest and wishes.no_new_privileges,
        "--security-opt seccomp": not wishes.seccomp or wishes.seccomp_profile,
        "--init": not guest and wishes.init,
        "--userns": wishes.userns,
    }
    why = f": {WITHIN_A_GUEST}" if guest else ""
    for words, found in asked.items():
        if found:
            raise UsageError(
                f"--isolation {wishes.isolation} does not know {words}{why}; leave it out"
            )


def accelerator(isolation: str) -> str:
    """What makes the isolation's machine: `none`, `uml`, `tcg` or `kvm` (found by a probe boot)."""
    if isolation == "qemu":
        from realrun.guest.probe import qemu_accelerator

        return qemu_accelerator()
    return "uml" if isolation == "uml" else "none"


def begin(spec: Spec, starter: Starter, out: Sink, err: Sink, stdin: int | None = None) -> Run:
    """Start with our own ends of output and errors, and of the input if `stdin` is given.

    With a terminal (`spec.terminal`) all output is one stream, to `out`.
    """
    if spec.isolation in GUESTS:
        from realrun.guest.begin import begin as begin_guest

        machine = accelerator(spec.isolation)
        return begin_guest(spec, paths.root(), starter, machine, out, err, stdin)
    return connected(spec, partial(start.begin, spec, paths.root(), starter), out, err, stdin)


def open_door(run: Run, folder: Path) -> None:
    """Let others reach the program of a guest, by a socket in the folder of its container."""
    if run.record.plan.isolation in GUESTS:
        from realrun.guest import boot, sessions

        assert isinstance(run, boot.Guest)
        sessions.open_door(run, folder)


def begin_exec(
    spec: Spec, into: Inside, starter: Starter, out: Sink, err: Sink, stdin: int | None = None
) -> Run:
    """Start one more program in a running process or container, as `begin` does."""
    return connected(spec, partial(start.begin_exec, spec, into, starter), out, err, stdin)


def connected(spec: Spec, ask: streams.Ask, out: Sink, err: Sink, stdin: int | None) -> Run:
    """Start with a terminal or with pipes."""
    if spec.terminal:
        return streams.by_terminal(ask, out, stdin)
    return streams.by_pipes(ask, out, err, stdin)


def attend(run: Run, starter: Starter) -> int:
    """Stay until the run has ended, passing signals on; returns its exit code."""
    with passing_signals(run, starter) as heard:
        drive([run], starter)
    return final_code(run, heard)


def final_code(run: Run, heard: list[int]) -> int:
    """The exit code of a run that has `heard` signals of ours; raises what made its start fail."""
    if heard:  # a guest's monitor has codes of its own for a signal
        killed = run.record.plan.isolation in GUESTS and run.record.failure
        return 128 + heard[0] if killed else run.record.code or 0
    return exit_code(run)


def exit_code(run: Run) -> int:
    """The program's exit code; a start that failed is an error in one line."""
    if error := failure(run.record):
        raise error
    return run.record.code or 0


def failure(record: Record) -> RealRunError | None:
    """Why a start failed; None if it did not."""
    if record.failure is None:
        return None
    step, number, why = record.failure
    if record.plan.isolation in GUESTS:
        return GuestFailed(f"{record.plan.isolation} guest: {why}")
    return RealRunError(why) if step < 0 else StartFailed(record.plan, step, number, why)


class StartFailed(RealRunError):
    """A step of the plan failed; `code` is the exit code Docker would give."""

    def __init__(self, plan: Plan, step: int, number: int, why: str) -> None:
        from realrun.runtime.spawner import exit_code_of

        name = plan.steps[step].name
        self.code = exit_code_of(number, name)
        super().__init__(f"step {name!r} of {plan.isolation!r} failed: {why}")


def pids(run: Run) -> list[int]:
    """The instance's processes on this machine, the monitor's included."""
    return processes.descendants(run.record.pid) if run.record.pid else []


def check_isolations(names: Sequence[str]) -> None:
    """Refuse a name that is no isolation."""
    from realrun.runtime.spec import ISOLATIONS

    for name in names:
        if name not in ISOLATIONS:
            raise UsageError(f"isolation must be one of {', '.join(ISOLATIONS)}; got {name!r}")
