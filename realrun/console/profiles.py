"""`--security-opt`: a profile of system calls out of a file, and what else may be said there.

Source: Docker's reference, `docker run`, "--security-opt".
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from realrun.errors import RealRunError, UsageError
from realrun.image import documents
from realrun.linux import seccomp_docker

NO_NEW_PRIVILEGES = {
    "no-new-privileges": True,
    "no-new-privileges=true": True,
    "no-new-privileges=false": False,
}
WITHOUT_EFFECT = ("apparmor=unconfined", "label=disable")  # no profile is loaded here anyway
NO_FILE = ("unconfined", "builtin")
KNOWN = "no-new-privileges, seccomp=FILE, seccomp=unconfined, apparmor=unconfined, label=disable"


def security(options: Sequence[str]) -> dict[str, Any]:
    """The wishes that the options stand for; of one kind the last counts, unknown ones are refused.

    Raises UsageError.
    """
    found: dict[str, Any] = {}
    for option in options:
        word = option.replace(":", "=", 1)
        kind, _, value = word.partition("=")
        if kind == "no-new-privileges":
            if word not in NO_NEW_PRIVILEGES:
                raise UsageError(f"--security-opt {kind} is true or false; got {option!r}")
            found["no_new_privileges"] = NO_NEW_PRIVILEGES[word]
        elif kind == "seccomp":
            found["seccomp"] = value != "unconfined"
            found["seccomp_profile"] = {} if value in NO_FILE else loaded(value)
        elif kind in ("apparmor", "label") and word not in WITHOUT_EFFECT:
            raise UsageError(f"--security-opt: {kind} profiles are not loaded here; got {option!r}")
        elif kind not in ("apparmor", "label"):
            raise UsageError(f"--security-opt knows {KNOWN}; got {option!r}")
    return found


def loaded(path: str) -> dict[str, Any]:
    """The profile in a file; an error names the file, and the place in it."""
    try:
        profile = documents.load(Path(path).read_bytes(), "the file")
        seccomp_docker.check(profile)
    except OSError as error:
        raise UsageError(f"--security-opt seccomp={path}: {error.strerror}") from None
    except RealRunError as error:
        why = str(error).removeprefix("seccomp: ")
        raise UsageError(f"--security-opt seccomp={path}: {why}") from None
    return profile


def told(option: str) -> str:
    """The option as `inspect` gives it back: with the profile in place of its file."""
    kind, _, value = option.replace(":", "=", 1).partition("=")
    if kind != "seccomp" or value in NO_FILE:
        return option
    return f"seccomp={json.dumps(loaded(value), separators=(',', ':'))}"
