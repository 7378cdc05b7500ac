"""Who the program runs as: Docker's `USER` looked up in the image's own passwd and group files.

Source: the OCI image specification, `config.md`, `User`: user, uid, user:group, uid:gid, uid:group,
user:gid. With a group given, supplementary groups are dropped; a number is taken as it is. As in
Docker since 20.10.18 (CVE-2022-36109) the group itself is one of the supplementary groups, too:
else a program could leave it, and with it what files forbid to the group's members.
"""

from __future__ import annotations

import stat
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple

from realrun.errors import UsageError
from realrun.image.merged import Merged, open_file

Rows = list[list[str]]
LIMIT = 1 << 20  # of a passwd file, only so much is read
NO_ID = 0xFFFFFFFF  # setresuid(2) takes it for "leave as it is"; ids are below


class User(NamedTuple):
    """A resolved user."""

    uid: int = 0
    gid: int = 0
    groups: tuple[int, ...] = ()
    home: str = "/"


def reader(layers: Sequence[str]) -> Callable[[str], Rows]:
    """Reads the rows of a colon-separated file of the image; every link is followed inside it."""
    return partial(rows_of, Merged([Path(layer) for layer in layers]))


def rows_of(image: Merged, path: str) -> Rows:
    """The rows of one such file; of what is no regular file there are none.

    A row that begins behind LIMIT, or is not whole before it, does not count.
    """
    try:
        node = image.find(path)
        if node is None or not stat.S_ISREG(node.status.st_mode):
            return []
        with open(open_file(node), "rb") as file:
            data = file.read(LIMIT)
    except OSError:  # a loop of links, a path through a file, something else by now
        return []
    whole = data if len(data) < LIMIT else data[: data.rfind(b"\n") + 1]
    text = whole.decode("utf-8", "surrogateescape")
    return [line.split(":") for line in text.splitlines()]


def resolve(user: str, read: Callable[[str], Rows]) -> User:
    """The user that `user` names; `read` gives the rows of the image's `etc/passwd`, `etc/group`.

    >>> resolve("1234", lambda path: [])
    User(uid=1234, gid=0, groups=(0,), home='/')
    """
    name, _, group = user.partition(":")
    name = name or "0"
    passwd = [row for row in read("etc/passwd") if len(row) >= 6 and all(map(is_id, row[2:4]))]
    rows = [row for row in read("etc/group") if len(row) >= 3 and is_id(row[2])]
    row = find(passwd, name)
    if row is None and not is_id(name):
        raise UsageError(f"the image's /etc/passwd has no user {name!r}; use a number or add it")
    uid, home = (int(row[2]), row[5]) if row else (int(name), "/")
    if group:
        gid = group_id(rows, group)
        return User(uid, gid, (gid,), home)
    gid = int(row[3]) if row else 0
    more = [int(g[2]) for g in rows if row and len(g) > 3 and row[0] in g[3].split(",")]
    return User(uid, gid, (gid, *(one for one in more if one != gid)), home)


def is_id(text: str) -> bool:
    """Does `text` spell a number that can be an id."""
    return text.isascii() and text.isdigit() and len(text) <= 10 and int(text) < NO_ID


def find(passwd: Rows, name: str) -> list[str] | None:
    """The row of a user by name or by number."""
    if is_id(name):
        return next((row for row in passwd if int(row[2]) == int(name)), None)
    return next((row for row in passwd if row[0] == name), None)


def group_id(rows: Rows, group: str) -> int:
    """The number of a group by name; a number is taken as it is."""
    if is_id(group):
        return int(group)
    for row in rows:
        if row[0] == group:
            return int(row[2])
    raise UsageError(f"the image's /etc/group has no group {group!r}; use a number or add it")
