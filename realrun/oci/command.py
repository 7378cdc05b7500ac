"""The actions of the command line, in the place of runc's.

Errors go to stderr and, as engines look there, to the log: one line of text or of JSON. The exit
code is 1, or in `run` and `exec` the program's.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import realrun
from realrun.errors import RealRunError, UsageError, WrongState
from realrun.image import documents
from realrun.linux.signals import number
from realrun.oci import (
    creating,
    ending,
    executing,
    groups,
    looking,
    starting,
    state,
    template,
    warnings,
)
from realrun.oci.bundle import VERSION
from realrun.oci.state import PAUSED, RUNNING, Container

FAILED = 1


def main(args: argparse.Namespace) -> int:
    """Carry out one action."""
    try:
        return act(args)
    except (RealRunError, OSError) as error:
        notes = "".join(f"; {note}" for note in getattr(error, "__notes__", ()))
        log(args, f"{error}{notes}")
        print(f"realrun: {error}{notes}", file=sys.stderr)
        return getattr(error, "code", FAILED)
    finally:
        tell_warnings(args)


def act(args: argparse.Namespace) -> int:
    """The action, after what holds for all."""
    if args.version:
        print(f"realrun version {realrun.__version__}\nspec: {VERSION}")
        return 0
    if args.systemd_cgroup:
        raise UsageError("--systemd-cgroup is not supported; use the driver `cgroupfs`")
    if args.action is None:
        raise UsageError(f"realrun oci wants an action: {', '.join(ACTIONS)}")
    if args.debug:
        log(args, " ".join(sys.argv[1:]), "debug")
    return ACTIONS[args.action](args) or 0


def tell_warnings(args: argparse.Namespace) -> None:
    """In the log if there is one: our stderr may be the program's."""
    for text in warnings.told():
        if args.log:
            log(args, text, "warning")
        else:
            print(f"realrun: warning: {text}", file=sys.stderr)


def log(args: argparse.Namespace, message: str, level: str = "error") -> None:
    """One line in the log, in the form that containerd reads."""
    if not args.log:
        return
    now = datetime.now(UTC).isoformat(timespec="seconds")
    line = {"level": level, "msg": message, "time": now}
    text = " ".join(f"{key}={json.dumps(value)}" for key, value in line.items())
    with open(args.log, "a", encoding="utf-8") as out:
        out.write((json.dumps(line) if args.log_format == "json" else text) + "\n")


def create(args: argparse.Namespace) -> None:
    """Set a container up; the program does not run yet."""
    made(args)


def made(args: argparse.Namespace) -> Container:
    """A new container, by the options of `create` and `run`."""
    for option in ("no_pivot", "no_new_keyring"):
        if getattr(args, option):
            raise UsageError(f"--{option.replace('_', '-')} is refused: the host would leak in")
    return creating.create(
        Path(args.root), args.id, Path(args.bundle), args.console_socket, args.pid_file
    )


def start(args: argparse.Namespace) -> None:
    """Run the program."""
    with state.held(Path(args.root), args.id) as container:
        starting.start(container)


def show_state(args: argparse.Namespace) -> None:
    """The state as JSON."""
    print(json.dumps(state.find(Path(args.root), args.id).document(), indent=2))


def kill(args: argparse.Namespace) -> None:
    """A signal; not held up by another operation."""
    chosen = number(args.signal)
    ending.kill(state.find(Path(args.root), args.id), chosen, args.all)


def delete(args: argparse.Namespace) -> None:
    """Remove what `create` made."""
    if args.force:
        ending.force_delete(Path(args.root), args.id)
        return
    with state.held(Path(args.root), args.id) as container:
        ending.delete(container)


def run(args: argparse.Namespace) -> int:
    """The whole life: created, started and, unless it goes on by itself, deleted at its end."""
    root, container = Path(args.root), made(args)
    with state.held(root, args.id) as held:
        starting.start(held)
    if args.detach:
        return 0
    code = wait_for(container.pid)
    if not args.keep:
        with state.held(root, args.id) as held:
            ending.delete(held)
    return code


def execute(args: argparse.Namespace) -> int:
    """One more process in a container."""
    container = state.find(Path(args.root), args.id)
    if args.process:
        process = executing.process_of(args.process)
    else:
        process = executing.process_like(container, args.words, vars(args))
    pid = executing.execute(container, process, args.console_socket, args.pid_file)
    return 0 if args.detach else wait_for(pid)


def wait_for(pid: int) -> int:
    """Until a child of ours ends: its exit code. Signals that come meanwhile are passed on."""
    for one in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT, signal.SIGUSR1,
                signal.SIGUSR2):  # fmt: skip
        signal.signal(one, lambda number, _: os.kill(pid, number))
    code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    return code if code >= 0 else 128 - code


def update(args: argparse.Namespace) -> None:
    """Other limits from now on."""
    data = sys.stdin.buffer.read() if args.resources == "-" else Path(args.resources).read_bytes()
    wanted = documents.load(data, "--resources")
    with state.held(Path(args.root), args.id) as container:
        if container.groups:
            groups.limit(container.groups, wanted, with_devices=False)


def pause(args: argparse.Namespace) -> None:
    """Stop all processes where they are."""
    freeze(args, RUNNING)


def resume(args: argparse.Namespace) -> None:
    """Let them go on."""
    freeze(args, PAUSED)


def freeze(args: argparse.Namespace, wanted: str) -> None:
    """The two of them: each in one state only."""
    with state.held(Path(args.root), args.id) as container:
        now = container.status
        if now != wanted or not container.groups:
            raise WrongState(f"cannot {args.action} {args.id}: it is {now}, not {wanted}")
        groups.freeze(container.groups, wanted == RUNNING)


def show_list(args: argparse.Namespace) -> None:
    """All containers."""
    found = looking.rows(Path(args.root))
    if args.quiet:
        lines = [one["id"] for one in found]
    elif args.format == "json":
        lines = [json.dumps(found)]
    else:
        form = "{id:20} {pid:>8} {status:10} {bundle:40} {created:28} {owner}"
        head = {key: key.upper() for key in ("id", "pid", "status", "bundle", "created", "owner")}
        lines = [form.format(**one) for one in [head, *found]]
    print(*lines, sep="\n", end="\n" if lines else "")


def ps(args: argparse.Namespace) -> None:
    """The processes of a container."""
    pids = looking.processes(state.find(Path(args.root), args.id))
    if args.format == "json":
        print(json.dumps(pids))
        return
    print(f"{'PID':>8} COMMAND")
    for pid in pids:
        print(f"{pid:8} {looking.command(pid)}")


def events(args: argparse.Namespace) -> None:
    """What a container uses, once."""
    if not args.stats:
        raise UsageError("events wants --stats: what is used is told once, not watched")
    print(json.dumps(looking.stats(state.find(Path(args.root), args.id))))


def features(args: argparse.Namespace) -> None:
    """What this runtime can do."""
    print(json.dumps(looking.features(), indent=2))


def spec(args: argparse.Namespace) -> None:
    """A config.json to begin with; one that is there stays."""
    path = Path(args.bundle) / "config.json"
    try:
        with open(path, "x", encoding="utf-8") as out:
            out.write(json.dumps(template.config(["sh"]), indent=2) + "\n")
    except FileExistsError:
        raise UsageError(f"{path} is there already; remove it first") from None


ACTIONS: dict[str, Callable[[argparse.Namespace], int | None]] = {
    "create": create,
    "start": start,
    "state": show_state,
    "kill": kill,
    "delete": delete,
    "run": run,
    "exec": execute,
    "update": update,
    "pause": pause,
    "resume": resume,
    "list": show_list,
    "ps": ps,
    "events": events,
    "features": features,
    "spec": spec,
}
