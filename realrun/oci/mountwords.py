"""The options of a mount, as the specification lists them, for the kernel's two ways to mount.

A new file system takes flags (mount(2)); what is bound takes attributes (mount_setattr(2)), each
set or cleared, on its own mount or, with an `r` in front, on all below. What is no option of ours
goes to the file system.

Source: OCI runtime-spec, `config.md`, "Linux mount options"; mount(8); `linux/mount.h`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

from realrun.errors import BadBundle
from realrun.linux import mounts

SHARED, UNBINDABLE = 1 << 20, 1 << 17
PROPAGATIONS = {
    "private": mounts.PRIVATE,
    "shared": SHARED,
    "slave": mounts.SLAVE,
    "unbindable": UNBINDABLE,
}
# MOUNT_ATTR_* of mount_setattr(2): what is about one mount, not about the file system as a whole.
ATTRIBUTES = {
    "ro": 0x01,
    "nosuid": 0x02,
    "nodev": 0x04,
    "noexec": 0x08,
    "noatime": 0x10,
    "strictatime": 0x20,
    "relatime": 0,
    "nodiratime": 0x80,
    "nosymfollow": 0x200000,
}
ATIMES = 0x70  # the mask of the three ways to note accesses
OPPOSITES = {
    "rw": "ro",
    "suid": "nosuid",
    "dev": "nodev",
    "exec": "noexec",
    "atime": "noatime",
    "diratime": "nodiratime",
    "nostrictatime": "strictatime",
    "norelatime": "relatime",
    "symfollow": "nosymfollow",
    "async": "sync",
    "nomand": "mand",
    "loud": "silent",
    "noiversion": "iversion",
    "nolazytime": "lazytime",
}
# Those with a form for all that is mounted below, by an `r` in front.
BELOW = {*ATTRIBUTES, *(word for word, undone in OPPOSITES.items() if undone in ATTRIBUTES)}
IDMAPS = ("idmap", "ridmap")
COPY_UP = "tmpcopyup"  # podman's: a tmpfs takes over what the image has at its place


class Words(NamedTuple):
    """What the options of one mount come to."""

    bind: bool
    recursive: bool  # bind what is mounted below, too
    flags: int
    attributes: tuple[int, int]  # to set, to clear: on the mount itself
    below: tuple[int, int]  # the same on the mount and all below
    propagations: tuple[int, ...]
    data: tuple[str, ...]
    copy_up: bool = False
    idmap: str = ""  # one of IDMAPS


def read(options: Iterable[str], kind: str) -> Words:
    """The options in order: a later one takes back an earlier one. Raises BadBundle."""
    bind, recursive, flags = kind == "bind", False, 0
    own, below = (0, 0), (0, 0)
    propagations, data, copy_up, idmap = [], [], False, ""
    for word in options:
        if word == "remount":
            raise BadBundle(f"config.json: mounts: the option {word!r} is not supported")
        if word in IDMAPS:
            idmap = word
        elif word in ("bind", "rbind"):
            bind, recursive = True, word == "rbind"
        elif word in PROPAGATIONS:
            propagations.append(PROPAGATIONS[word])
        elif word[1:] in PROPAGATIONS and word[0] == "r":
            propagations.append(PROPAGATIONS[word[1:]] | mounts.REC)
        elif change := flag_change(word):
            flags = flags & ~change[1] | change[0]
            own = changed(own, word)
        elif word[:1] == "r" and word[1:] in BELOW:
            below = changed(below, word[1:])
        elif word == COPY_UP and kind == "tmpfs":
            copy_up = True
        elif word != "defaults":
            data.append(word)
    return Words(bind, recursive, flags, own, below, tuple(propagations), tuple(data), copy_up,
                 idmap)  # fmt: skip


def flag_change(word: str) -> tuple[int, int] | None:
    """Flags of mount(2) that a word sets and clears, None if it is no such word."""
    if word in mounts.OPTIONS:
        return mounts.OPTIONS[word], 0
    if word in OPPOSITES:
        return 0, mounts.OPTIONS[OPPOSITES[word]]
    return None


def changed(before: tuple[int, int], word: str) -> tuple[int, int]:
    """The attributes to set and to clear, after one more word.

    The three ways to note accesses exclude each other: to set one, the others are cleared.
    """
    to_set, to_clear = before
    if word in ("noatime", "strictatime", "relatime", "atime", "nostrictatime", "norelatime"):
        return to_set & ~ATIMES | ATTRIBUTES.get(word, 0), to_clear | ATIMES
    if word in OPPOSITES:
        bit = ATTRIBUTES.get(OPPOSITES[word], 0)
        return to_set & ~bit, to_clear | bit
    bit = ATTRIBUTES.get(word, 0)
    return to_set | bit, to_clear & ~bit


def plan(mount: dict[str, Any], source: str) -> dict[str, Any]:
    """One mount as the child takes it; `source` is settled by the caller."""
    kind = mount.get("type", "")
    words = read(mount.get("options", ()), kind)
    return {"source": source, "target": mount["destination"], "kind": kind} | words._asdict()
