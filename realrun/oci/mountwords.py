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
NOATIME, STRICTATIME, ATIMES = 0x10, 0x20, 0x70  # MOUNT_ATTR_*, and the mask of all three
# name: flag of mount(2), attribute of mount_setattr(2); 0 where there is none
ATTRIBUTES = {
    "ro": (mounts.RDONLY, 0x01),
    "nosuid": (mounts.NOSUID, 0x02),
    "nodev": (mounts.NODEV, 0x04),
    "noexec": (mounts.NOEXEC, 0x08),
    "noatime": (mounts.NOATIME, NOATIME),
    "strictatime": (1 << 24, STRICTATIME),
    "relatime": (1 << 21, 0),
    "nodiratime": (mounts.NODIRATIME, 0x80),
    "nosymfollow": (256, 0x200000),
}
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
}
# What is about the file system as a whole: flags of mount(2) alone.
FLAGS = {"sync": mounts.SYNCHRONOUS, "mand": 64, "dirsync": 128, "silent": 1 << 15,
         "iversion": 1 << 23, "lazytime": 1 << 25}  # fmt: skip
UNFLAGS = {"async": "sync", "nomand": "mand", "loud": "silent", "noiversion": "iversion",
           "nolazytime": "lazytime"}  # fmt: skip
REFUSED = ("idmap", "ridmap", "remount")
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


def read(options: Iterable[str], kind: str) -> Words:
    """The options in order: a later one takes back an earlier one. Raises BadBundle."""
    bind, recursive, flags = kind == "bind", False, 0
    own, below = (0, 0), (0, 0)
    propagations, data, copy_up = [], [], False
    for word in options:
        if word in REFUSED:
            raise BadBundle(f"config.json: mounts: the option {word!r} is not supported")
        if word in ("bind", "rbind"):
            bind, recursive = True, word == "rbind"
        elif word in PROPAGATIONS:
            propagations.append(PROPAGATIONS[word])
        elif word[1:] in PROPAGATIONS and word[0] == "r":
            propagations.append(PROPAGATIONS[word[1:]] | mounts.REC)
        elif change := flag_change(word):
            flags = flags & ~change[1] | change[0]
            own = changed(own, word)
        elif word[:1] == "r" and flag_change(word[1:]) and word[1:] not in FLAGS | UNFLAGS:
            below = changed(below, word[1:])
        elif word == COPY_UP and kind == "tmpfs":
            copy_up = True
        elif word != "defaults":
            data.append(word)
    return Words(bind, recursive, flags, own, below, tuple(propagations), tuple(data), copy_up)


def flag_change(word: str) -> tuple[int, int] | None:
    """Flags of mount(2) that a word sets and clears, None if it is no such word."""
    if word in ATTRIBUTES:
        return ATTRIBUTES[word][0], 0
    if word in OPPOSITES:
        return 0, ATTRIBUTES[OPPOSITES[word]][0]
    if word in FLAGS:
        return FLAGS[word], 0
    if word in UNFLAGS:
        return 0, FLAGS[UNFLAGS[word]]
    return None


def changed(before: tuple[int, int], word: str) -> tuple[int, int]:
    """The attributes to set and to clear, after one more word.

    The three ways to note accesses exclude each other: to set one, the others are cleared.
    """
    to_set, to_clear = before
    if word in ("noatime", "strictatime", "relatime", "atime", "nostrictatime", "norelatime"):
        wanted = ATTRIBUTES[word][1] if word in ATTRIBUTES else 0
        return to_set & ~ATIMES | wanted, to_clear | ATIMES
    if word in ATTRIBUTES:
        bit = ATTRIBUTES[word][1]
        return to_set | bit, to_clear & ~bit
    bit = ATTRIBUTES[OPPOSITES[word]][1] if word in OPPOSITES else 0
    return to_set & ~bit, to_clear | bit


def plan(mount: dict[str, Any], source: str) -> dict[str, Any]:
    """One mount as the child takes it; `source` is settled by the caller."""
    kind = mount.get("type", "")
    words = read(mount.get("options", ()), kind)
    return {"source": source, "target": mount["destination"], "kind": kind} | words._asdict()
