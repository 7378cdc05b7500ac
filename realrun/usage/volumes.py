"""`volume` and its actions, as the command line takes them."""

from __future__ import annotations

from typing import Any

from realrun.usage.looks import LIST_FORMAT, add_inspect


def add_volumes(verbs: Any) -> None:
    """volume create, ls, inspect, rm, prune."""
    volume = verbs.add_parser("volume", help="directories that outlive containers")
    actions = volume.add_subparsers(dest="action", required=True, metavar="ACTION")
    create = actions.add_parser("create", help="make a volume")
    create.add_argument("name", nargs="?", default="", metavar="NAME")
    create.add_argument("--label", action="append", default=[], metavar="NAME[=VALUE]")
    ls = actions.add_parser("ls", help="list volumes")
    ls.add_argument("-q", "--quiet", action="store_true", help="names only")
    ls.add_argument("--format", default="", metavar="TEMPLATE", help=LIST_FORMAT)
    add_inspect(actions, "volumes")
    remove = actions.add_parser("rm", help="remove volumes, with what is in them")
    remove.add_argument("-f", "--force", action="store_true", help="one that is not there is fine")
    remove.add_argument("name", nargs="+", metavar="NAME")
    prune = actions.add_parser("prune", help="remove the unnamed volumes that no container has")
    prune.add_argument("-a", "--all", action="store_true", help="those with a name as well")
    prune.add_argument("-f", "--force", action="store_true", help="ask nothing (never does)")
