"""create and run, and what they can be told, as the command line takes it."""

from __future__ import annotations

import argparse
from functools import partial
from typing import Any

USER = "whom to run it as: names of the image, or numbers"
VARIABLE = "a variable; without a value: as it is here"


def add_run(verbs: Any) -> None:
    """create, run."""
    create = verbs.add_parser("create", help="make a container", add_help=False, allow_abbrev=False)
    add_container_options(create)
    add_command(create)
    run = verbs.add_parser("run", help="run an image's command", add_help=False, allow_abbrev=False)
    add_container_options(run)
    run.add_argument("-d", "--detach", action="store_true", help="let it run in the background")
    run.add_argument(
        "--explain", action="store_true", help="print the plan and what each step cost"
    )
    run.add_argument("--json", action="store_true", help="with --explain: as JSON")
    add_command(run)


def add_command(parser: argparse.ArgumentParser) -> None:
    """The image, and what to run in place of its own command."""
    parser.add_argument("image", metavar="IMAGE", help="name, name:tag or id of one")
    words = parser.add_argument("words", nargs=argparse.REMAINDER, metavar="COMMAND ...",
                                help="what to run, if not what the image says")  # fmt: skip
    words.required = False


def add_container_options(parser: argparse.ArgumentParser) -> None:
    """What `create` and `run` can be told of a container; -h is the host name, as in Docker."""
    add = parser.add_argument
    several = partial(add, action="append", default=[])
    parser.add_argument("--help", action="help", help="show this and exit")
    add("--isolation", default="container", metavar="process|container|uml|qemu",
        help="what stands between the program and this machine (default: container)")  # fmt: skip
    add("--level", default="", metavar="minimal|distro|snapshot",
        help="how much of a system a guest is (default: minimal)")  # fmt: skip
    add("--machine", default="", metavar="q35|microvm", help="QEMU's machine type (default: q35)")
    add("--kernel", default="", metavar="FILE", help="a guest's kernel, if not the usual one")
    add("--name", default="", help="the container's name")
    add("-i", "--interactive", action="store_true", help="keep the input open")
    add("-t", "--tty", action="store_true", help="give it a terminal")
    add("--rm", action="store_true", help="remove the container when it ends")
    add("--init", action="store_true", help="a first process that reaps orphans, passes signals on")
    several("-e", "--env", metavar="NAME[=VALUE]", help=VARIABLE)
    several("--env-file", metavar="FILE", help="variables, one a line")
    several("-l", "--label", metavar="NAME[=VALUE]", help="a label of the container")
    several("--label-file", metavar="FILE", help="labels, one a line")
    add("-w", "--workdir", default="", help="the directory to start in")
    add("-u", "--user", default="", metavar="USER[:GROUP]", help=USER)
    add("--entrypoint", help="replaces the image's")
    add("-h", "--hostname", default="", help="its host name (default: the beginning of its id)")
    add("--network", "--net", default="none", metavar="none|host", help="(default: none)")
    add("--userns", default="", metavar="host|auto",
        help="auto: with subordinate ids, root inside is nobody outside (host)")  # fmt: skip
    add("--stop-signal", default="", metavar="SIGNAL", help="what asks it to end (SIGTERM)")
    add(
        "--stop-timeout",
        type=int,
        default=10,
        metavar="SECONDS",
        help="how long it may take to end (10)",
    )
    several("--log-opt", metavar="NAME=VALUE", help="max-size=20m, max-file=5: what is kept of it")
    add_resource_options(parser)


def add_resource_options(parser: argparse.ArgumentParser) -> None:
    """Limits, rights and mounts."""
    add = parser.add_argument
    several = partial(add, action="append", default=[])
    add("-m", "--memory", default="", help="limit, e.g. 64m; for a guest its RAM")
    add("--cpus", default="", help="limit, e.g. 1.5; for a guest its processors")
    add("--pids-limit", type=int, help="how many processes there may be; -1: as many as they like")
    add_scarce_options(parser)
    several("--device", metavar="HERE[:THERE][:rwm]", help="a device of this machine")
    add("--shm-size", default="", metavar="SIZE", help="of /dev/shm (64m)")
    several("--ulimit", metavar="NAME=SOFT[:HARD]", help="a limit of each process; -1: none")
    several("--cap-add", metavar="CAPABILITY", help="a right of root's, or ALL")
    several("--cap-drop", metavar="CAPABILITY", help="the same taken away")
    several(
        "--security-opt", metavar="OPTION", help="no-new-privileges, seccomp=FILE or unconfined"
    )
    add("--read-only", action="store_true", help="let nothing be written to the image's files")
    several("-v", "--volume", metavar="[SOURCE:]PLACE[:ro]", help="a volume or a directory")
    several("--mount", metavar="type=TYPE,target=PLACE,...", help="the same, spelled out, or tmpfs")
    several("--tmpfs", metavar="PLACE[:OPTIONS]", help="a place in memory")


def add_scarce_options(parser: argparse.ArgumentParser) -> None:
    """What else a control group shares out: swap, processors, disks."""
    add = parser.add_argument
    add("--memory-swap", default="", metavar="SIZE",
        help="memory and swap together (twice the memory); -1: no limit")  # fmt: skip
    add("--memory-reservation", default="", metavar="SIZE",
        help="what it may keep when memory gets scarce")  # fmt: skip
    add("-c", "--cpu-shares", type=int, metavar="SHARES",
        help="its part of the processors when all want them (1024)")  # fmt: skip
    add("--cpuset-cpus", default="", metavar="0-2,4", help="the processors it may use")
    add("--blkio-weight", type=int, metavar="WEIGHT",
        help="its part of the disks when all want them, 10 to 1000")  # fmt: skip
    for way in ("read", "write"):
        for unit, word in (("bps", "bytes"), ("iops", "operations")):
            add(f"--device-{way}-{unit}", action="append", default=[], metavar="/dev/NAME:RATE",
                help=f"limit {way}s: {word} a second")  # fmt: skip
