"""Mounts without a place: a tree is behind a descriptor until it is mounted where another leads.

So no path is looked up twice, and who may not open a tree can be given one.

Source: open_tree(2), mount_setattr(2), move_mount(2).
"""

from __future__ import annotations

import os
import struct

from realrun.linux.calls import EMPTY_PATH, HERE, Call, carry_out, result_of

# linux/mount.h, linux/fcntl.h
OPEN_TREE_CLONE = 1
MOUNT_ATTR_RDONLY, MOUNT_ATTR_NOSUID, MOUNT_ATTR_NODEV = 1, 2, 4
MOVE_FROM_DESCRIPTOR, MOVE_TO_DESCRIPTOR = 0x04, 0x40
RECURSIVE = 0x8000
GIVEN: dict[str, list[int]] = {}  # trees that somebody with more rights opened for us, by path


def clone_tree(number: int, source: str, recursive: bool = True) -> Call:
    """A descriptor of `source`, mounted nowhere yet; `recursive`: with all that is mounted below.

    open_tree(2), Linux 5.2.
    """
    flags = OPEN_TREE_CLONE | os.O_CLOEXEC | (RECURSIVE if recursive else 0)
    return Call("open_tree", (HERE, source, flags), source, save=number)


def change(tree: int, attributes: tuple[int, int], name: str, recursive: bool = False) -> Call:
    """Set and clear attributes of the mount behind a descriptor, or of all below it, too.

    mount_setattr(2), Linux 5.12; `attributes` are the bits to set and to clear, MOUNT_ATTR_*.
    """
    how = struct.pack("QQQQ", *attributes, 0, 0)
    flags = EMPTY_PATH | (RECURSIVE if recursive else 0)
    return Call("mount_setattr", (tree, "", flags, how, len(how)), name)


def attach(tree: int, place: int, name: str) -> Call:
    """Mount the tree onto the directory or file behind `place`: no path is looked up again."""
    flags = MOVE_FROM_DESCRIPTOR | MOVE_TO_DESCRIPTOR
    return Call("move_mount", (tree, "", place, "", flags), name)


def cloned_tree(source: str, recursive: bool = True) -> int:
    """`clone_tree` at once, or what was given to us in its place."""
    if GIVEN.get(source):
        return GIVEN[source].pop()
    return result_of(clone_tree(0, source, recursive))


def given() -> list[int]:
    """The trees that were given to us and are not mounted yet."""
    return [tree for trees in GIVEN.values() for tree in trees]


def set_attributes(fd: int, attributes: tuple[int, int], recursive: bool, name: str) -> None:
    """`change` at once, if it is one."""
    if attributes != (0, 0):
        carry_out([change(fd, attributes, name, recursive)])


def make_read_only(fd: int, name: str, recursive: bool) -> None:
    """The mount behind a descriptor; `recursive`: the whole tree, as Docker has it."""
    set_attributes(fd, (MOUNT_ATTR_RDONLY, 0), recursive, name)


def put_tree(tree: int, place: int, name: str) -> None:
    """`attach` at once."""
    carry_out([attach(tree, place, name)])


def show(source: str, target: str) -> None:
    """A file or directory of this machine, with what is mounted below it, read-only."""
    tree = cloned_tree(source)
    place = os.open(target, os.O_PATH | os.O_CLOEXEC)
    try:
        make_read_only(tree, source, recursive=True)
        put_tree(tree, place, target)
    finally:
        os.close(place)
        os.close(tree)
