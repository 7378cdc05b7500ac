"""The command line: Docker's verbs and flags where Docker has them.

Only the parser is here; each verb's work is imported when it is chosen, so that `run` starts light.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
from collections.abc import Sequence
from functools import partial
from importlib import import_module
from typing import NoReturn

from realrun.errors import RealRunError
from realrun.verbs.declare import add_lives
from realrun.verbs.declare_files import add_files
from realrun.verbs.declare_looks import add_inspect, add_looks
from realrun.verbs.declare_oci import add_oci
from realrun.verbs.declare_volumes import add_volumes
from realrun.verbs.oneverb import OneVerb

FAILED, ENGINE_ERROR = 1, 125
Subparsers = "argparse._SubParsersAction[argparse.ArgumentParser]"


class Parser(argparse.ArgumentParser):
    """A wrong call has Docker's exit codes: 125 for an option that makes no sense, else 1."""

    def error(self, message: str) -> NoReturn:
        self.print_usage(sys.stderr)
        about_option = message.startswith(("argument -", "unrecognized arguments: -"))
        self.exit(ENGINE_ERROR if about_option else FAILED, f"{self.prog}: {message}\n")


def parser(verb: str | None = None) -> argparse.ArgumentParser:
    """All verbs, or the one that is asked for, if there is one of that name."""
    top: argparse.ArgumentParser = Parser(
        prog="realrun", description="One image, every isolation: build, run, measure."
    )
    verbs = top.add_subparsers(dest="verb", required=True, metavar="VERB", action=OneVerb)
    assert isinstance(verbs, OneVerb)
    verbs.asked = verb
    add_build(verbs)
    add_run(verbs)
    add_lives(verbs)
    add_looks(verbs)
    add_files(verbs)
    add_volumes(verbs)
    add_images(verbs)
    add_archives(verbs)
    add_bench(verbs)
    add_machine(verbs)
    add_oci(verbs)
    return top if verb is None or verb in verbs.choices else parser()


def add_build(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """build, base, dockerfile."""
    build = verbs.add_parser("build", help="build an image from a Dockerfile")
    build.add_argument("context", help="the Dockerfile's folder, an archive of one, or - for stdin")
    build.add_argument("-t", "--tag", action="append", default=[], help="name:tag for the image")
    build.add_argument(
        "-f", "--file", help="Dockerfile, or - for stdin (default: CONTEXT/Dockerfile)"
    )
    build.add_argument("--build-arg", action="append", default=[], metavar="NAME=VALUE")
    build.add_argument("--label", action="append", default=[], metavar="NAME=VALUE")
    build.add_argument("--iidfile", metavar="FILE", help="write the image's id there")
    build.add_argument("--target", help="stage to stop at")
    networks = ["default", "none", "host"]
    build.add_argument("--network", default="default", choices=networks, help="for RUN")
    build.add_argument("--secret", action="append", default=[], metavar="id=ID,src=FILE|env=NAME")
    build.add_argument("--no-cache", action="store_true", help="carry out every instruction anew")
    build.add_argument("-q", "--quiet", action="store_true", help="print the image's id only")
    base = verbs.add_parser("base", help="make a base image from this system's own packages")
    base.add_argument("name", choices=["busybox", "debian"])
    dockerfile = verbs.add_parser("dockerfile", help="what the builder's parser sees")
    actions = dockerfile.add_subparsers(dest="action", required=True, metavar="ACTION")
    parse = actions.add_parser("parse", help="the instructions of a Dockerfile, as they are read")
    parse.add_argument("file", help="the Dockerfile, or - for standard input")
    parse.add_argument("--json", action="store_true")
    expand = actions.add_parser("expand", help="what a word with variables becomes")
    expand.add_argument("word")
    expand.add_argument("-e", "--env", action="append", default=[], metavar="NAME=VALUE")


def add_run(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """create, run."""
    create = verbs.add_parser("create", help="make a container", add_help=False, allow_abbrev=False)
    add_container_options(create)
    create.add_argument("image")
    create.add_argument("words", nargs=argparse.REMAINDER, metavar="COMMAND ...")
    run = verbs.add_parser("run", help="run an image's command", add_help=False, allow_abbrev=False)
    add_container_options(run)
    run.add_argument("-d", "--detach", action="store_true", help="let it run in the background")
    run.add_argument(
        "--explain", action="store_true", help="print the plan and what each step cost"
    )
    run.add_argument("--json", action="store_true", help="with --explain: as JSON")
    run.add_argument("image")
    run.add_argument("words", nargs=argparse.REMAINDER, metavar="COMMAND ...")


def add_container_options(parser: argparse.ArgumentParser) -> None:
    """What `create` and `run` can be told of a container; -h is the host name, as in Docker."""
    add = parser.add_argument
    several = partial(add, action="append", default=[])
    parser.add_argument("--help", action="help", help="show this and exit")
    add("--isolation", default="container", metavar="process|container|uml|qemu",
        help="what stands between the program and this machine (default: container)")  # fmt: skip
    add("--name", default="", help="the container's name")
    add("-i", "--interactive", action="store_true", help="keep the input open")
    add("-t", "--tty", action="store_true", help="give it a terminal")
    add("--rm", action="store_true", help="remove the container when it ends")
    add("--init", action="store_true", help="a first process that reaps orphans, passes signals on")
    several(
        "-e", "--env", metavar="NAME[=VALUE]", help="a variable; without a value: as it is here"
    )
    several("--env-file", metavar="FILE", help="variables, one a line")
    several("-l", "--label", metavar="NAME[=VALUE]")
    several("--label-file", metavar="FILE", help="labels, one a line")
    add("-w", "--workdir", default="", help="the directory to start in")
    add("-u", "--user", default="", metavar="USER[:GROUP]")
    add("--entrypoint", help="replaces the image's")
    add("-h", "--hostname", default="")
    add("--network", "--net", default="none", metavar="none|host")
    add("--stop-signal", default="", metavar="SIGNAL", help="what asks it to end (SIGTERM)")
    add(
        "--stop-timeout",
        type=int,
        default=10,
        metavar="SECONDS",
        help="how long it may take to end (10)",
    )
    add_resource_options(parser)


def add_resource_options(parser: argparse.ArgumentParser) -> None:
    """Limits, rights and mounts."""
    add = parser.add_argument
    several = partial(add, action="append", default=[])
    add("-m", "--memory", default="", help="limit, e.g. 64m; for a guest its RAM")
    add("--cpus", default="", help="limit, e.g. 1.5; for a guest its processors")
    add("--pids-limit", type=int, help="how many processes there may be; -1: as many as they like")
    add("--shm-size", default="", metavar="SIZE", help="of /dev/shm (64m)")
    several("--ulimit", metavar="NAME=SOFT[:HARD]", help="a limit of each process; -1: none")
    several("--cap-add", metavar="CAPABILITY", help="a right of root's, or ALL")
    several("--cap-drop", metavar="CAPABILITY", help="the same taken away")
    several("--security-opt", metavar="OPTION", help="no-new-privileges, seccomp=unconfined")
    add("--read-only", action="store_true", help="let nothing be written to the image's files")
    several("-v", "--volume", metavar="[SOURCE:]PLACE[:ro]", help="a volume or a directory")
    several("--mount", metavar="type=TYPE,target=PLACE,...", help="the same, spelled out, or tmpfs")
    several("--tmpfs", metavar="PLACE[:OPTIONS]", help="a place in memory")


def add_images(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """images, image tree, image df, history, tag, rmi, prune."""
    images = verbs.add_parser("images", help="list images")
    images.add_argument("image", nargs="?", metavar="NAME[:TAG]", help="only this, or a pattern")
    images.add_argument("-a", "--all", action="store_true", help="all of them (always so)")
    images.add_argument("--digests", action="store_true", help="with what a registry calls them")
    images.add_argument("-f", "--filter", action="append", default=[], metavar="KEY=VALUE")
    images.add_argument("--json", action="store_true")
    history = verbs.add_parser("history", help="the instructions that made an image")
    history.add_argument("image")
    history.add_argument("-H", "--human", nargs="?", default="true", const="true")
    history.add_argument("--json", action="store_true")
    for listed in (images, history):
        listed.add_argument("-q", "--quiet", action="store_true", help="ids only")
        listed.add_argument("--no-trunc", action="store_true", help="nothing shortened")
        listed.add_argument("--format", default="", metavar="TEMPLATE", help="a Go template")
    image = verbs.add_parser("image", help="look into images: their layers, their disk bill")
    actions = image.add_subparsers(dest="action", required=True, metavar="ACTION")
    tree = actions.add_parser("tree", help="the layers, and what each does to those below")
    tree.add_argument("image")
    tree.add_argument("--json", action="store_true")
    bill = actions.add_parser("df", help="what images take on the disk, and what they share")
    bill.add_argument("--json", action="store_true")
    add_inspect(actions, "images").set_defaults(verb="inspect", type="image", size=False)
    tag = verbs.add_parser("tag", help="give an image one more name")
    tag.add_argument("image", metavar="SOURCE")
    tag.add_argument("new", metavar="NAME")
    remove = verbs.add_parser("rmi", help="remove images")
    remove.add_argument("-f", "--force", action="store_true", help="also the name of one in use")
    remove.add_argument("image", nargs="+")
    verbs.add_parser("prune", help="remove whatever killed commands have left behind")


def add_archives(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """save, load, import."""
    save = verbs.add_parser("save", help="write images to an archive")
    save.add_argument("image", nargs="+")
    save.add_argument("-o", "--output", metavar="FILE", help="the archive (default: the output)")
    save.add_argument("--format", default="docker", choices=["docker", "oci"])
    load = verbs.add_parser("load", help="read the images of an archive, of Docker's form or OCI's")
    load.add_argument("-i", "--input", metavar="FILE", help="the archive (default: the input)")
    load.add_argument("-q", "--quiet", action="store_true", help="show no progress")
    imports = verbs.add_parser("import", help="make an image of a root file system's archive")
    imports.add_argument("file", help="the archive, or - for the input")
    imports.add_argument("name", nargs="?", help="name:tag for the image")
    imports.add_argument("-m", "--message", help="a comment for the history")
    imports.add_argument("-c", "--change", action="append", default=[], metavar="INSTRUCTION")
    imports.set_defaults(verb="imports")


def add_bench(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """bench, demo."""
    bench = verbs.add_parser("bench", help="measure this machine")
    kinds = bench.add_subparsers(dest="experiment", required=True, metavar="EXPERIMENT")
    startup = kinds.add_parser("startup", help="from the request to the first output, by phases")
    storm = kinds.add_parser("storm", help="many at once: when each is ready")
    memory = kinds.add_parser("memory", help="many at once: what they hold")
    startup.add_argument("--runs", type=int, help="starts of each process and container")
    startup.add_argument("--guest-runs", type=int, help="starts of each guest")
    for crowd in (storm, memory):
        crowd.add_argument("--n", help="numbers of instances, e.g. 1,2,4,8")
        crowd.add_argument("--guest-n", help="numbers of guests, e.g. 1,2,4")
    build = kinds.add_parser("build", help="builds and large layers, beside Docker and tar")
    build.add_argument("--runs", type=int, help="builds of each sort by each builder")
    build.add_argument("--layer-runs", type=int, help="turns with each large layer")
    build.add_argument("--size", help="the large layer, e.g. 500m (default: 500m)")
    for kind in (startup, storm, memory):
        kind.add_argument("image", nargs="?", default="hello")
        kind.add_argument("--isolation", action="append", default=[], help="may be repeated")
    for kind in (startup, storm, memory, build):
        kind.add_argument("--seed", type=int, default=1, help="seed of the order of the starts")
        kind.add_argument("-o", "--out", help="folder to write the table to")
        kind.add_argument("--json", action="store_true", help="print the rows as JSON")
    demo = verbs.add_parser("demo", help="build examples/hello, run it every way, measure it all")
    demo.add_argument("--out", default="out")


def add_machine(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """doctor, fetch."""
    doctor = verbs.add_parser("doctor", help="what this machine can do, and what would be needed")
    doctor.add_argument("--json", action="store_true")
    fetch = verbs.add_parser("fetch", help="download and unpack what guests need; installs nothing")
    fetch.add_argument("name", nargs="*", help="busybox, uml, qemu, kernel, mke2fs (default: all)")


def end(number: int, _: object) -> None:
    """SIGTERM ends us as Ctrl-C does: everything that was begun is undone on the way out."""
    raise SystemExit(128 + number)


def reopen_closed() -> None:
    """What our caller closed of input, output and errors becomes /dev/null.

    Else the next file that we open would take its number, and with it its place.
    """
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            null = os.open(os.devnull, os.O_RDWR)
            os.set_inheritable(null, True)
            setattr(sys, name, os.fdopen(null, mode, encoding="utf-8"))


def main(argv: Sequence[str] | None = None) -> int:
    """Entry point; the only place where an error becomes an exit code.

    As in Docker that is 1, but 125 in `run`, whose other codes are the program's.
    """
    reopen_closed()
    words = sys.argv[1:] if argv is None else argv
    args = parser(words[0] if words else None).parse_args(words)
    failed = ENGINE_ERROR if args.verb == "run" else FAILED
    signal.signal(signal.SIGTERM, end)
    try:
        return int(import_module(f"realrun.verbs.{args.verb}").main(args) or 0)
    except RealRunError as error:
        print(f"realrun: {error}", file=sys.stderr)
        return getattr(error, "code", failed)
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return 141
    except OSError as error:
        print(f"realrun: {error}", file=sys.stderr)
        return failed


if __name__ == "__main__":
    sys.exit(main())
