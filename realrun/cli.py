"""The command line: Docker's verbs and flags where Docker has them.

What each verb takes is in `usage`, what it does in `verbs`, imported when it is chosen, so that
`run` starts light. Who makes a container's processes out of this one first gets out of their reach,
before anything else is loaded.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Any, NoReturn

from realrun.errors import RealRunError, in_words

if TYPE_CHECKING:
    import argparse

MAKERS = ("run", "start", "exec")  # containers' processes are born as copies of this one
AMONG_FILES = {
    "base", "build", "commit", "diff", "history", "image", "images", "imports", "load", "save",
    "volume",
}  # fmt: skip
GONE = 141  # nobody reads what we write: as a shell tells of SIGPIPE


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


def with_all_ids(args: argparse.Namespace) -> None:
    """An ordinary user's work on images, volumes and sizes needs the ids that their files have."""
    guest = getattr(args, "isolation", "") in ("uml", "qemu")  # its disk is made of such files
    if os.geteuid() and (args.verb in AMONG_FILES or guest or getattr(args, "size", False)):
        from realrun.runtime.ownids import enter

        enter()


def main(argv: Sequence[str] | None = None) -> int:
    """Entry point; as a program of its own (without `argv`) it does not return."""
    reopen_closed()
    heard = interrupted_at_once()
    if argv is None and sys.argv[1:2] and sys.argv[1] in MAKERS:
        import_module("realrun.linux.ownbinary").protect()
    try:
        code = run(sys.argv[1:] if argv is None else argv, heard)
    finally:
        signal.signal(signal.SIGINT, heard)
    if argv is None:
        leave(code)
    return code


def leave(code: int) -> NoReturn:
    """End without taking Python apart piece by piece, a sixth of a short run's time."""
    try:
        for stream in (sys.stdout, sys.stderr):
            if not stream.closed:
                stream.flush()
    except BrokenPipeError:
        code = code or GONE
    os._exit(code)


def interrupted_at_once() -> Any:
    """Let Ctrl-C end us where we stand, and return what it did before.

    While modules are loaded nothing has begun, and Python may lose it: an exception out of a
    callback, such as those of the locks of imports, is only told of.
    """
    heard = signal.getsignal(signal.SIGINT)
    if heard is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    return heard or signal.SIG_DFL


def run(words: Sequence[str], heard: Any) -> int:
    """Do what the words say; the only place where an error becomes an exit code.

    As in Docker that is 1, but 125 in `run`, whose other codes are the program's. From the verb's
    beginning Ctrl-C is `heard` again.
    """
    from realrun.usage.oneverb import ENGINE_ERROR, FAILED
    from realrun.usage.parser import parser

    args = parser(words[0] if words else None).parse_args(words)
    failed = ENGINE_ERROR if args.verb == "run" else FAILED
    try:
        with_all_ids(args)
        verb = import_module(f"realrun.verbs.{args.verb}")
        signal.signal(signal.SIGTERM, end)
        signal.signal(signal.SIGINT, heard)
        return int(verb.main(args) or 0)
    except RealRunError as error:
        print(f"realrun: {error}", file=sys.stderr)
        return getattr(error, "code", failed)
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return GONE
    except OSError as error:
        print(f"realrun: {in_words(error)}", file=sys.stderr)
        return failed
    except MemoryError:
        print("realrun: there is no more memory to be had; see `ulimit -v`", file=sys.stderr)
        return failed


if __name__ == "__main__":
    sys.exit(main())
