"""oci: the runtime in the place of runc.

Errors go to stderr and, as engines look there, to the log: one line of text or of JSON. The exit
code is 1, or in `run` and `exec` the program's.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import realrun
from realrun.errors import RealRunError, UsageError
from realrun.linux.signals import number
from realrun.oci import creating, ending, starting, state
from realrun.oci.bundle import VERSION
from realrun.oci.state import Container

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


ACTIONS: dict[str, Callable[[argparse.Namespace], int | None]] = {
    "create": create,
    "start": start,
    "state": show_state,
    "kill": kill,
    "delete": delete,
}
