"""The verbs of a container's life, as the command line takes them."""

from __future__ import annotations

import argparse
from functools import partial
from typing import Any

from realrun.usage.starts import USER, VARIABLE


def add_lives(verbs: Any) -> None:
    """start, restart, attach, exec, stop, pause, unpause, kill, wait, rm."""
    start = several(verbs, "start", "run containers that were created or have ended")
    start.add_argument("-a", "--attach", action="store_true", help="stay, and show its output")
    start.add_argument("-i", "--interactive", action="store_true", help="pass our input on")
    attach = verbs.add_parser("attach", help="stay with a running container: its output, signals")
    attach.add_argument("container", metavar="CONTAINER")
    attach.add_argument("--no-stdin", action="store_true", help="leave its input alone")
    attach.add_argument("--sig-proxy", default="true", choices=("true", "false"),
                        help="pass signals on (true)")  # fmt: skip
    stop = several(verbs, "stop", "ask containers to end, and kill those that do not")
    restart = several(verbs, "restart", "stop containers that run, and start them")
    for verb in (stop, restart):
        verb.add_argument("-t", "--time", type=int, metavar="SECONDS",
                          help="before it is killed (10)")  # fmt: skip
    several(verbs, "pause", "let containers stand still")
    several(verbs, "unpause", "let containers go on that are paused")
    kill = several(verbs, "kill", "send containers a signal")
    kill.add_argument("-s", "--signal", default="KILL", help="its name or number (KILL)")
    several(verbs, "wait", "wait until containers have ended; print their exit codes")
    rm = several(verbs, "rm", "remove containers, with what they have written")
    rm.add_argument("-f", "--force", action="store_true", help="kill those that run")
    rm.add_argument("-v", "--volumes", action="store_true", help="with their unnamed volumes")
    add_exec(verbs)


def several(verbs: Any, name: str, does: str) -> argparse.ArgumentParser:
    """A verb for one container or more."""
    verb: argparse.ArgumentParser = verbs.add_parser(name, help=does)
    verb.add_argument("container", nargs="+", metavar="CONTAINER")
    return verb


def add_exec(verbs: Any) -> None:
    """exec."""
    verb = verbs.add_parser("exec", help="run one more program in a running container")
    verb.add_argument("-d", "--detach", action="store_true", help="do not wait for it")
    verb.add_argument("-i", "--interactive", action="store_true", help="pass our input on")
    verb.add_argument("-t", "--tty", action="store_true", help="give it a terminal")
    several = partial(verb.add_argument, action="append", default=[])
    several("-e", "--env", metavar="NAME[=VALUE]", help=VARIABLE)
    several("--env-file", metavar="FILE", help="variables, one a line")
    verb.add_argument("-w", "--workdir", default="", help="the directory to start in")
    verb.add_argument("-u", "--user", default="", metavar="USER[:GROUP]", help=USER)
    verb.add_argument("container", metavar="CONTAINER")
    verb.add_argument("words", nargs=argparse.REMAINDER, metavar="COMMAND ...")
