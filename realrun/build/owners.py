"""Users and groups by name: looked up in the image, never on this machine.

Source: Dockerfile reference, "COPY --chown": a number is taken as it is; a user alone brings the
group of its passwd entry, a number alone the group of the same number.
"""

from __future__ import annotations

from realrun.image.merged import Merged
from realrun.runtime.users import rows_of

MAX_ID = 2**32 - 2


class UnknownOwner(ValueError):
    """No such user or group in the image; the text says which."""


def owner(spec: str, image: Merged) -> tuple[int, int]:
    """(uid, gid) of `user`, `user:group`, `uid`, `uid:gid` and so on; `:group` is root's."""
    user, colon, group = spec.partition(":")
    if (colon and not group) or not (user or group):
        raise UnknownOwner(f"{spec!r} is no owner: USER, USER:GROUP or numbers")
    if not user:
        uid = gid = 0
    elif user.isascii() and user.isdecimal():
        uid = gid = number(user)
    else:
        uid, gid = lookup(user, "/etc/passwd", "user", image)
    if colon:
        is_number = group.isascii() and group.isdecimal()
        gid = number(group) if is_number else lookup(group, "/etc/group", "group", image)[0]
    return uid, gid


def number(text: str) -> int:
    if len(text) > 10 or int(text) > MAX_ID:
        raise UnknownOwner(f"{text:.20} is no user or group id")
    return int(text)


def lookup(name: str, path: str, what: str, image: Merged) -> tuple[int, int]:
    """The numbers in the line of that name: (uid, gid) of a user, (gid, 0) of a group."""
    for fields in rows_of(image, path):
        if fields[0] == name and len(fields) > 2 and fields[2].isdecimal():
            second = fields[3] if what == "user" and len(fields) > 3 else "0"
            return number(fields[2]), number(second) if second.isdecimal() else 0
    raise UnknownOwner(f"the image has no {what} {name!r} in {path}; a number always works")
