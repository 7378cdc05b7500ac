"""The OCI runtime command line, as runc's users know it."""

from __future__ import annotations

import argparse
from typing import Any

from realrun.oci import DEFAULT_ROOT


def add_oci(verbs: Any) -> None:
    """oci: create, start, state, kill, delete, run and others."""
    oci = verbs.add_parser("oci", help="be an OCI runtime: run bundles for Docker or podman")
    oci.add_argument("--root", default=DEFAULT_ROOT, help="where containers are noted down")
    oci.add_argument("--log", default="", metavar="FILE", help="write errors there, too")
    oci.add_argument("--log-format", default="text", choices=["text", "json"])
    oci.add_argument("--debug", action="store_true", help="log what is done, too")
    oci.add_argument("--systemd-cgroup", action="store_true", help="refused: cgroupfs is used")
    oci.add_argument("-v", "--version", action="store_true", help="the versions, and nothing else")
    actions = oci.add_subparsers(dest="action", metavar="ACTION")
    for name, does in (("create", "set a container up"), ("run", "create it, start it, wait")):
        add_creation(actions.add_parser(name, help=does))
    add_simple(actions)
    add_exec(actions)
    add_looks(actions)


def add_creation(verb: argparse.ArgumentParser) -> None:
    """What `create` and `run` take."""
    verb.add_argument("-b", "--bundle", default=".", help="the folder with config.json")
    verb.add_argument("--console-socket", default="", metavar="PATH", help="where a terminal goes")
    verb.add_argument("--pid-file", default="", metavar="FILE")
    verb.add_argument("--no-pivot", action="store_true", help="refused: it can be undone inside")
    verb.add_argument("--no-new-keyring", action="store_true", help="refused: keys would leak in")
    verb.add_argument("id", metavar="ID")
    if verb.prog.endswith(" run"):
        verb.add_argument("-d", "--detach", action="store_true", help="do not wait for its end")
        verb.add_argument("--keep", action="store_true", help="do not delete it at its end")


def add_simple(actions: Any) -> None:
    """start, state, kill, delete, pause, resume."""
    for name, does in (
        ("start", "run the program of a created container"),
        ("state", "print the state as JSON"),
        ("pause", "stop all processes where they are"),
        ("resume", "let them go on"),
    ):
        actions.add_parser(name, help=does).add_argument("id", metavar="ID")
    kill = actions.add_parser("kill", help="send a signal")
    kill.add_argument("-a", "--all", action="store_true", help="to all its processes")
    kill.add_argument("id", metavar="ID")
    kill.add_argument("signal", nargs="?", default="TERM")
    delete = actions.add_parser("delete", help="remove what `create` made")
    delete.add_argument("-f", "--force", action="store_true", help="kill it first")
    delete.add_argument("id", metavar="ID")


def add_exec(actions: Any) -> None:
    """exec, update."""
    verb = actions.add_parser("exec", help="run one more program in a container")
    verb.add_argument("-p", "--process", default="", metavar="FILE", help="what to run, as JSON")
    verb.add_argument("-d", "--detach", action="store_true", help="do not wait for its end")
    verb.add_argument("--console-socket", default="", metavar="PATH")
    verb.add_argument("--pid-file", default="", metavar="FILE")
    verb.add_argument("-t", "--tty", action="store_true")
    verb.add_argument("--cwd", default="")
    verb.add_argument("-u", "--user", default="", metavar="UID[:GID]")
    verb.add_argument("-e", "--env", action="append", default=[], metavar="NAME=VALUE")
    verb.add_argument("id", metavar="ID")
    verb.add_argument("words", nargs=argparse.REMAINDER, metavar="COMMAND ...")
    update = actions.add_parser("update", help="change limits")
    update.add_argument("-r", "--resources", default="-", metavar="FILE", help="JSON; - is stdin")
    update.add_argument("id", metavar="ID")


def add_looks(actions: Any) -> None:
    """list, ps, events, features, spec."""
    listing = actions.add_parser("list", help="all containers")
    listing.add_argument("-f", "--format", default="table", choices=["table", "json"])
    listing.add_argument("-q", "--quiet", action="store_true", help="ids alone")
    ps = actions.add_parser("ps", help="the processes of a container")
    ps.add_argument("-f", "--format", default="table", choices=["table", "json"])
    ps.add_argument("id", metavar="ID")
    events = actions.add_parser("events", help="what a container uses")
    events.add_argument("--stats", action="store_true", help="once, and that is all")
    events.add_argument("id", metavar="ID")
    actions.add_parser("features", help="what this runtime can do, as JSON")
    spec = actions.add_parser("spec", help="write a config.json to begin with")
    spec.add_argument("-b", "--bundle", default=".")
