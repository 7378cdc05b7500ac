"""The verbs that make images, as the command line takes them."""

from __future__ import annotations

from functools import partial
from typing import Any


def add_build(verbs: Any) -> None:
    """build, base, dockerfile."""
    build = verbs.add_parser("build", help="build an image from a Dockerfile")
    build.add_argument("context", help="the Dockerfile's folder, an archive of one, or - for stdin")
    build.add_argument("-t", "--tag", action="append", default=[], help="name:tag for the image")
    build.add_argument(
        "-f", "--file", help="Dockerfile, or - for stdin (default: CONTEXT/Dockerfile)"
    )
    several = partial(build.add_argument, action="append", default=[])
    several("--build-arg", metavar="NAME=VALUE", help="a value for an ARG")
    several("--label", metavar="NAME=VALUE", help="a label of the image")
    build.add_argument("--iidfile", metavar="FILE", help="write the image's id there")
    build.add_argument("--target", help="stage to stop at (default: the last)")
    networks = ["default", "none", "host"]
    build.add_argument("--network", default="default", choices=networks, help="for RUN")
    several("--secret", metavar="id=ID,src=FILE|env=NAME", help="for RUN --mount=type=secret")
    build.add_argument("--no-cache", action="store_true", help="carry out every instruction anew")
    build.add_argument("-q", "--quiet", action="store_true", help="print the image's id only")
    base = verbs.add_parser("base", help="make a base image from this system's own packages")
    what = "one program with many names, or a small Debian with apt's packages"
    base.add_argument("name", choices=["busybox", "debian"], help=what)
    dockerfile = verbs.add_parser("dockerfile", help="what the builder's parser sees")
    actions = dockerfile.add_subparsers(dest="action", required=True, metavar="ACTION")
    parse = actions.add_parser("parse", help="the instructions of a Dockerfile, as they are read")
    parse.add_argument("file", help="the Dockerfile, or - for standard input")
    parse.add_argument("--json", action="store_true", help="print it as JSON")
    expand = actions.add_parser("expand", help="what a word with variables becomes")
    expand.add_argument("word", help="as in a Dockerfile, e.g. '${NAME:-value}'")
    expand.add_argument(
        "-e", "--env", action="append", default=[], metavar="NAME=VALUE", help="a variable"
    )
