"""The verbs that look at containers and images, as the command line takes them."""

from __future__ import annotations

from typing import Any

LIST_FORMAT = "table, json, a Go template as Docker's for each, or such a table: 'table ...'"
FORMAT = "a Go template, as Docker's; json: in one line"


def add_looks(verbs: Any) -> None:
    """ps, inspect, logs."""
    ps = verbs.add_parser("ps", help="list containers that run, or all")
    ps.add_argument("-a", "--all", action="store_true", help="also those that do not run")
    ps.add_argument("-q", "--quiet", action="store_true", help="ids only")
    ps.add_argument("-n", "--last", type=int, default=-1, metavar="N", help="the newest N")
    ps.add_argument("-l", "--latest", action="store_true", help="the newest")
    ps.add_argument("-s", "--size", action="store_true", help="also what they have written")
    ps.add_argument("--no-trunc", action="store_true", help="shorten nothing")
    ps.add_argument(
        "-f",
        "--filter",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="only those whose name, id, status, label, ancestor, exited, volume, ... is this",
    )
    ps.add_argument("--format", default="", metavar="TEMPLATE", help=LIST_FORMAT)
    inspect = add_inspect(verbs, "containers, images and volumes")
    inspect.add_argument("--type", metavar="container|image|volume", help="look for this only")
    inspect.add_argument("-s", "--size", action="store_true", help="also a container's sizes")
    logs = verbs.add_parser("logs", help="what a container has said")
    logs.add_argument("container", metavar="CONTAINER")
    logs.add_argument("-f", "--follow", action="store_true", help="and says, until it ends")
    logs.add_argument("-t", "--timestamps", action="store_true", help="when, before each line")
    logs.add_argument("-n", "--tail", default="all", metavar="N", help="the last N lines (all)")
    times = "2026-01-31T12:00:00, seconds since 1970, or 10m for ten minutes ago"
    logs.add_argument("--since", default="", metavar="TIME", help=times)
    logs.add_argument("--until", default="", metavar="TIME", help="the same")


def add_inspect(verbs: Any, what: str) -> Any:
    """inspect of these things."""
    inspect = verbs.add_parser("inspect", help=f"everything about {what}, as JSON")
    inspect.add_argument("name", nargs="+", metavar="NAME")
    inspect.add_argument("-f", "--format", default="", metavar="TEMPLATE", help=FORMAT)
    return inspect
