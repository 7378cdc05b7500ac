"""--secret: `id=ID,src=FILE` or `id=ID,env=NAME`; with `id=ID` alone what has that name.

Source: docs.docker.com, `docker buildx build`, "--secret".
"""

from __future__ import annotations

import os
from collections.abc import Iterable

from realrun.errors import UsageError

MAX_BYTES = 500 << 10  # as BuildKit's
KEYS = {"id": "id", "src": "src", "source": "src", "env": "env", "type": "type"}


def secrets(entries: Iterable[str]) -> dict[str, bytes]:
    """The content of each, by its id; raises UsageError for one that cannot be read."""
    return dict(secret(entry) for entry in entries)


def secret(entry: str) -> tuple[str, bytes]:
    """One id and its content."""
    import csv

    found = {}
    for field in next(csv.reader([entry]), []):
        key, equals, value = field.partition("=")
        if key.lower() not in KEYS or not equals:
            raise UsageError(f"--secret wants id=ID,src=FILE or id=ID,env=NAME; got {field!r}")
        found[KEYS[key.lower()]] = value
    if not found.get("id"):
        raise UsageError(f"--secret wants id=ID,src=FILE or id=ID,env=NAME; got {entry!r}")
    return found["id"], content(found)


def content(found: dict[str, str]) -> bytes:
    """From a variable, if one is named or has the id for its name; else from a file."""
    name, kind = found["id"], found.get("type", "")
    if kind not in ("", "env", "file"):
        raise UsageError(f"--secret id={name}: type is env or file, not {kind!r}")
    file, variable = found.get("src", ""), found.get("env", "")
    if kind == "env":
        file, variable = "", variable or file or name
    elif not file and not variable and kind == "" and name in os.environ:
        variable = name
    if variable:
        if variable not in os.environ:
            raise UsageError(f"--secret id={name}: there is no variable {variable}")
        return os.environb[os.fsencode(variable)]
    return read(name, file or name)


def read(name: str, file: str) -> bytes:
    try:
        with open(file, "rb") as stored:
            data = stored.read(MAX_BYTES + 1)
    except OSError as error:
        raise UsageError(f"--secret id={name}: {file}: {error.strerror}") from None
    if len(data) > MAX_BYTES:
        raise UsageError(f"--secret id={name}: {file} has more than {MAX_BYTES} bytes")
    return data
