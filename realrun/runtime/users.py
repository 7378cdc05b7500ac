"""Who the program runs as: Docker's `USER` looked up in the image's own passwd and group files.

Source: the OCI image specification, `config.md`, `User`: user, uid, user:group, uid:gid, uid:group,
user:gid. With a group given, supplementary groups are dropped; a number is taken as it is.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import NamedTuple

from realrun.errors import UsageError

LIMIT = 1 << 20  # a passwd file larger than this is refused


class User(NamedTuple):
    """A resolved user."""

    uid: int = 0
    gid: int = 0
    groups: tuple[int, ...] = ()
    home: str = "/"


def read_from(layers: Sequence[str], path: str) -> list[list[str]]:
    """The lines of a colon-separated file of the image, from the topmost layer that has it."""
    for layer in reversed(layers):
        try:
            fd = os.open(os.path.join(layer, path), os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
        except OSError:
            continue
        with open(fd, encoding="utf-8", errors="surrogateescape") as file:
            return [line.rstrip("\n").split(":") for line in file.read(LIMIT).splitlines()]
    return []


def resolve(user: str, read: Callable[[str], list[list[str]]]) -> User:
    """The user that `user` names; `read` gives the rows of the image's `etc/passwd`, `etc/group`.

    >>> resolve("1234", lambda path: [])
    User(uid=1234, gid=0, groups=(), home='/')
    """
    name, _, group = (user or "0").partition(":")
    passwd = [row for row in read("etc/passwd") if len(row) >= 6 and row[2].isdigit()]
    rows = read("etc/group")
    row = find(passwd, name)
    if row is None and not name.isdigit():
        raise UsageError(f"the image's /etc/passwd has no user {name!r}; use a number or add it")
    uid, home = (int(row[2]), row[5]) if row else (int(name), "/")
    if group:
        return User(uid, group_id(rows, group), (), home)
    groups = tuple(int(g[2]) for g in rows if row and len(g) > 3 and row[0] in g[3].split(","))
    return User(uid, int(row[3]) if row else 0, groups, home)


def find(passwd: list[list[str]], name: str) -> list[str] | None:
    """The row of a user by name or by number."""
    column = 2 if name.isdigit() else 0
    return next((row for row in passwd if row[column] == name), None)


def group_id(rows: list[list[str]], group: str) -> int:
    """The number of a group by name; a number is taken as it is."""
    if group.isdigit():
        return int(group)
    for row in rows:
        if row[0] == group and len(row) > 2:
            return int(row[2])
    raise UsageError(f"the image's /etc/group has no group {group!r}; use a number or add it")
