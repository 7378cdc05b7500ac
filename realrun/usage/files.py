"""The verbs that look at a container's files and processes, as the command line takes them."""

from __future__ import annotations

import argparse
from typing import Any

from realrun.usage.looks import LIST_FORMAT


def add_files(verbs: Any) -> None:
    """cp, diff, export, commit, top, stats."""
    cp = verbs.add_parser("cp", help="copy files between a container and this machine")
    cp.add_argument("-a", "--archive", action="store_true", help="for the container's own user")
    cp.add_argument("-L", "--follow-link", dest="follow", action="store_true",
        help="copy what a link leads to")  # fmt: skip
    cp.add_argument("source", metavar="CONTAINER:PATH|PATH|-")
    cp.add_argument("target", metavar="PATH|-|CONTAINER:PATH")
    diff = verbs.add_parser("diff", help="what a container has changed of its image's files")
    diff.add_argument("container", metavar="CONTAINER")
    export = verbs.add_parser("export", help="write a container's files to an archive")
    export.add_argument("-o", "--output", metavar="FILE", help="the archive (default: the output)")
    export.add_argument("container", metavar="CONTAINER")
    add_commit(verbs)
    top = verbs.add_parser("top", help="the processes of a container")
    top.add_argument("container", metavar="CONTAINER")
    top.add_argument("options", nargs=argparse.REMAINDER, metavar="PS-OPTIONS",
        help="-ef, aux, or -o COLUMNS")  # fmt: skip
    add_stats(verbs)


def add_commit(verbs: Any) -> None:
    """commit."""
    commit = verbs.add_parser("commit", help="make an image of what a container has changed")
    commit.add_argument("-a", "--author", default="", help="e.g. 'Ada <ada@example.org>'")
    commit.add_argument("-c", "--change", action="append", default=[], metavar="INSTRUCTION",
        help="a Dockerfile's instruction that changes settings")  # fmt: skip
    commit.add_argument("-m", "--message", default="", help="a comment for the history")
    commit.set_defaults(pause=True)
    commit.add_argument("--pause=false", action="store_false", dest="pause",
        help="do not let it stand still meanwhile")  # fmt: skip
    for word in ("-p", "--pause", "--pause=true"):
        commit.add_argument(word, action="store_true", dest="pause", help=argparse.SUPPRESS)
    commit.add_argument("container", metavar="CONTAINER")
    commit.add_argument("name", nargs="?", metavar="NAME[:TAG]")


def add_stats(verbs: Any) -> None:
    """stats."""
    stats = verbs.add_parser("stats", help="what containers use of this machine")
    stats.add_argument("-a", "--all", action="store_true", help="also those that do not run")
    stats.add_argument("--no-stream", action="store_true", help="once, not every second")
    stats.add_argument("--no-trunc", action="store_true", help="whole ids")
    stats.add_argument("--format", default="", metavar="TEMPLATE", help=LIST_FORMAT)
    stats.add_argument("container", nargs="*", metavar="CONTAINER")
