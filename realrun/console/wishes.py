"""What the options of `create` and `run` wish for, as `engine.Wishes`.

Source: Docker's reference, `docker run`.
"""

from __future__ import annotations

import argparse
import os

from realrun import engine
from realrun.console.asked import host_words
from realrun.console.logwords import log_bounds
from realrun.console.options import file_lines, size_bytes
from realrun.console.options import labels as label_pairs
from realrun.console.profiles import security
from realrun.errors import BadOption, UsageError
from realrun.linux import limits as ulimits
from realrun.linux import signals
from realrun.runtime import limitwords, mountwords
from realrun.runtime.devices import device
from realrun.runtime.spec import SHM_BYTES


def wishes(args: argparse.Namespace) -> engine.Wishes:
    """The options as wishes; raises BadOption."""
    try:
        return read(args)
    except UsageError as error:
        raise BadOption(str(error)) from error


def read(args: argparse.Namespace) -> engine.Wishes:
    """The options as wishes."""
    log_max_bytes, log_max_files = log_bounds(args.log_opt)
    return engine.Wishes(
        isolation=args.isolation,
        level=args.level,
        machine=args.machine,
        kernel=args.kernel,
        words=tuple(args.words),
        env=environment(args),
        entrypoint=args.entrypoint,
        cwd=args.workdir,
        user=args.user,
        hostname=args.hostname,
        network=args.network,
        userns=args.userns,
        limits=limitwords.limits(vars(args), args.isolation in engine.GUESTS),
        devices=tuple(map(device, args.device)),
        mounts=mountwords.all_of(args.volume, args.mount, args.tmpfs),
        read_only=args.read_only,
        shm_bytes=shm_bytes(args.shm_size),
        ulimits=dict(map(ulimits.parsed, args.ulimit)),
        cap_add=tuple(args.cap_add),
        cap_drop=tuple(args.cap_drop),
        init=args.init,
        tty=args.tty,
        labels=labels(args),
        stop_signal=stop_signal(args.stop_signal),
        stop_timeout_s=args.stop_timeout,
        interactive=args.interactive,
        auto_remove=args.rm,
        attached=not getattr(args, "detach", False),
        log_max_bytes=log_max_bytes,
        log_max_files=log_max_files,
        host_words=host_words(args),
        **security(args.security_opt),
    )


def shm_bytes(text: str) -> int:
    """The size of /dev/shm; 0 means the usual one, as in Docker."""
    return SHM_BYTES if text in ("", "0") else size_bytes(text, "--shm-size")


def environment(args: argparse.Namespace) -> dict[str, str | None]:
    """Variables of files, then of -e; a bare NAME is as it is here, None if it is not set."""
    found: dict[str, str | None] = {}
    for line in (line for file in args.env_file for line in file_lines(file, "--env-file")):
        name, equals, value = line.partition("=")
        if equals or name in os.environ:  # in a file, a name that is not set is no wish
            found[name] = value if equals else os.environ[name]
    for entry in args.env:
        name, equals, value = entry.partition("=")
        if not name:
            raise UsageError(f"--env wants NAME=VALUE; got {entry!r}")
        found[name] = value if equals else os.environ.get(name)
    return found


def labels(args: argparse.Namespace) -> dict[str, str]:
    """Labels of files, then of -l; in a file, a name without a value is no label."""
    lines = [line for file in args.label_file for line in file_lines(file, "--label-file")]
    return label_pairs([*(line for line in lines if "=" in line), *args.label])


def stop_signal(word: str) -> str:
    """The word, if it names a signal."""
    if word:
        signals.number(word)
    return word
