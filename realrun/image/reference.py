"""Names of images: `name[:tag]`, a digest, or the first digits of an id.

Source: Docker's reference grammar (distribution/reference); a name without a tag means `latest`,
and `docker.io/library/` in front of a name means nothing.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from realrun.errors import NoSuchImage, UsageError

PART = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
HOST = r"(?:[a-zA-Z0-9.-]+(?::[0-9]+)?/)?"
NAME = re.compile(rf"{HOST}{PART}(?:/{PART})*")
TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}")
ID = re.compile(r"(?:sha256:)?([0-9a-f]{4,64})")


def normal(reference: str) -> str:
    """The full form of a name; raises UsageError for what cannot be one.

    >>> normal("busybox"), normal("docker.io/library/busybox:1.36"), normal("host:5000/a/b")
    ('busybox:latest', 'busybox:1.36', 'host:5000/a/b:latest')
    """
    short = reference.removeprefix("docker.io/").removeprefix("library/")
    name, colon, tag = short.rpartition(":")
    if not colon or "/" in tag:
        name, tag = short, "latest"
    if len(name) > 255 or not NAME.fullmatch(name) or not TAG.fullmatch(tag):
        raise UsageError(
            f"{reference[:80]!r} is no image name: lower-case letters, digits and . _ - /,"
            " then perhaps :tag"
        )
    return f"{name}:{tag}"


def full(name: str) -> str:
    """The form that says all: the registry, too.

    >>> full("busybox:1"), full("me/app:1"), full("host:5000/a:1")
    ('docker.io/library/busybox:1', 'docker.io/me/app:1', 'host:5000/a:1')
    """
    first, slash, _ = name.partition("/")
    if not slash:
        return f"docker.io/library/{name}"
    is_host = "." in first or ":" in first or first == "localhost"
    return name if is_host else f"docker.io/{name}"


def is_name(reference: str) -> bool:
    try:
        normal(reference)
    except UsageError:
        return False
    return True


def id_prefix(reference: str) -> str | None:
    """The hex digits if this can be the beginning of an id or digest."""
    found = ID.fullmatch(reference.rpartition("@")[2])
    return found[1] if found else None


def missing(reference: str, known: Sequence[str]) -> NoSuchImage:
    """The error for a name that is not there: what is like it, and how to come by it."""
    import difflib

    short = [name.removesuffix(":latest") for name in known]
    near = difflib.get_close_matches(reference.removesuffix(":latest"), short, n=3)
    hint = f"; did you mean {' or '.join(near)}?" if near else ""
    if reference.split(":")[0] == "busybox":
        way = "make it with `realrun base busybox`"
    else:
        way = f"build it with `realrun build -t {reference.removesuffix(':latest')} FOLDER`"
    return NoSuchImage(f"no image {reference!r} here{hint}; {way}, `realrun images` lists all")
