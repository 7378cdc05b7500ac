"""Subordinate ids: which ids of this machine, beside their own, users may give to containers.

/etc/subuid and /etc/subgid have a line for each range: NAME:FIRST:COUNT, the name or number of a
user. All ranges of one user count, in their order; images have files of up to 65534 (nobody), so
fewer than 65536 are refused.

Source: subuid(5), subgid(5), newuidmap(1); CVE-2018-7169 for why `setgroups` is left to that.
"""

from __future__ import annotations

import os
import pwd
from pathlib import Path
from typing import NamedTuple

from realrun.errors import UsageError
from realrun.files.rights import in_first_namespace, is_root
from realrun.linux.idmaps import Range, outside
from realrun.linux.processes import may_not_gain

FILES = ("/etc/subuid", "/etc/subgid")
APPARMOR = Path("/proc/sys/kernel/apparmor_restrict_unprivileged_userns")  # Ubuntu's, from 24.04
HELPERS = ("newuidmap", "newgidmap")
NEEDED = 65536
FIRST = 100000  # where useradd(8) begins to give them out (SUB_UID_MIN)
LAST_ID = 2**32 - 2


class Ids(NamedTuple):
    """The maps of a user namespace."""

    uids: tuple[Range, ...]
    gids: tuple[Range, ...]


class Line(NamedTuple):
    """One line of a file."""

    number: int
    owner: str
    first: int
    size: int

    @property
    def end(self) -> int:
        """The first id after it."""
        return self.first + self.size


def asked(word: str) -> Ids | None:
    """The ids of a user namespace that root asks for. An ordinary user has one in any case, with
    subordinate ids if there are any.

    Raises UsageError for another word than host and auto, and where root has no subordinate ids.
    """
    if word not in ("", "host", "auto"):
        raise UsageError(f"--userns must be host or auto; got {word!r}")
    if not is_root():
        return own_or_none()
    return remapped() if word == "auto" else None


def remapped() -> Ids:
    """For root: ids that are nobody's outside, for all that is inside. Raises UsageError."""
    return Ids(*(counted(granted(path, 0), 0) for path in FILES))


def own() -> Ids:
    """For an ordinary user: oneself as root, subordinate ids as all others. Raises UsageError."""
    if found := here():
        return found
    if APPARMOR.exists() and APPARMOR.read_text(encoding="utf-8").strip() == "1":
        raise UsageError(
            "AppArmor takes all rights from user namespaces here; as root: "
            "sysctl -w kernel.apparmor_restrict_unprivileged_userns=0"
        )
    mine = ((0, os.geteuid(), 1), (0, os.getegid(), 1))
    ranges = [granted(path, os.geteuid()) for path in FILES]
    for name in HELPERS:
        check_helper(name)
    return Ids(*((one, *counted(more, 1)) for one, more in zip(mine, ranges, strict=True)))


def own_or_none() -> Ids | None:
    """The same; without any, one is root inside, and nobody else is there."""
    try:
        return own()
    except UsageError:
        return None


def here() -> Ids | None:
    """For root of a user namespace: all the ids that it has."""
    if os.geteuid() or in_first_namespace():
        return None
    found = []
    for name in ("uid_map", "gid_map"):
        lines = Path(f"/proc/self/{name}").read_text(encoding="utf-8").splitlines()
        ranges = [tuple(map(int, line.split())) for line in lines]
        found.append(tuple((inside, inside, count) for inside, _, count in ranges))
    return Ids(*found)


def check_user(uid: int, gid: int, ids: Ids) -> None:
    """The program's user is one of those inside. Raises UsageError."""
    for name, number, ranges in (("user", uid, ids.uids), ("group", gid, ids.gids)):
        if number and outside(number, ranges) is None:
            raise UsageError(f"{name} {number} is none of the container's; {lacking(ids)}")


def lacking(ids: Ids) -> str:
    """Why there are no more ids."""
    if ids.uids:
        return f"it has those up to {sum(count for _, _, count in ids.uids) - 1}"
    try:
        own()
    except UsageError as error:
        return f"it has root alone: {error}"
    return "it was made when there was root alone; make it again"


def counted(lines: list[Line], inside: int) -> tuple[Range, ...]:
    """The ranges one after the other, from id `inside` on."""
    found = []
    for line in lines:
        found.append((inside, line.first, line.size))
        inside += line.size
    return tuple(found)


def granted(path: str, uid: int) -> list[Line]:
    """The ranges of a user in one of the files, checked. Raises UsageError."""
    name = name_of(uid)
    lines = read(path)
    own = [line for line in lines if line.owner in (name, str(uid))]
    if not own:
        raise UsageError(f"{path} has no line for {name}; {advice(name)}")
    for line in own:
        check(path, line, lines)
    count = sum(line.size for line in own)
    if count < NEEDED:
        raise UsageError(
            f"{path} gives {name} {count} ids, and images need {NEEDED}; {advice(name)}"
        )
    return own


def read(path: str) -> list[Line]:
    """The lines of a file; a missing one has none. Raises UsageError for one that is none."""
    try:
        text = Path(path).read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        return []
    found = []
    for number, line in enumerate(text.splitlines(), 1):
        owner, *numbers = line.strip().split(":")
        if owner.startswith("#") or line.strip() == "":
            continue
        if len(numbers) != 2 or not all(one.isascii() and one.isdigit() for one in numbers):
            raise UsageError(f"{path}, line {number}: expected NAME:FIRST:COUNT; got {line!r:.80}")
        found.append(Line(number, owner, *map(int, numbers)))
    return found


def check(path: str, line: Line, lines: list[Line]) -> None:
    """A range is of ids that exist, none of them root's or anybody else's."""
    if not (line.first > 0 and line.size > 0 and line.end - 1 <= LAST_ID):
        raise UsageError(
            f"{path}, line {line.number}: a range is of ids from 1 to {LAST_ID}; "
            f"got {line.size} from {line.first} on"
        )
    for other in lines:
        if other.number != line.number and line.first < other.end and other.first < line.end:
            raise UsageError(
                f"{path}: lines {line.number} and {other.number} overlap: the same ids would be "
                f"{line.owner}'s and {other.owner}'s; change one of the two"
            )


def check_helper(name: str) -> None:
    """The program that maps ids for ordinary users is there and may do so."""
    path = helper(name)
    if path is None:
        raise UsageError(f"no {name} on PATH; install it (Debian: apt install uidmap)")
    if may_not_gain() or os.statvfs(path).f_flag & os.ST_NOSUID:
        raise UsageError(
            f"{path} gains no rights from here, so it can map nothing: this process has "
            "no_new_privs set, or the program lies on a file system mounted with nosuid"
        )
    if not os.stat(path).st_mode & 0o4000 and "security.capability" not in os.listxattr(path):
        raise UsageError(f"{path} is not setuid, so it can map nothing; as root: chmod u+s {path}")


def helper(name: str) -> str | None:
    """Where the program is."""
    places = (f"{folder}/{name}" for folder in os.get_exec_path())
    return next((place for place in places if os.access(place, os.X_OK)), None)


def name_of(uid: int) -> str:
    """The user's name; one without is called by the number."""
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def advice(name: str) -> str:
    """What root would say to give a user ids that nobody has."""
    first = FIRST
    try:
        taken = sorted((line.first, line.end) for path in FILES for line in read(path))
    except UsageError:
        taken = []
    for begin, end in taken:
        if begin < first + NEEDED and first < end:
            first = end
    words = f"{first}-{first + NEEDED - 1}"
    return f"as root: usermod --add-subuids {words} --add-subgids {words} {name}"
