"""Initial ram disks: the `newc` archive that the kernel unpacks (`buffer-format.rst`)."""

from __future__ import annotations

import stat
from collections.abc import Iterable
from typing import NamedTuple


class Entry(NamedTuple):
    """One file, folder, link or device; `content` is a link's target for a link."""

    name: str
    mode: int
    content: bytes = b""
    device: tuple[int, int] = (0, 0)


def folder(name: str) -> Entry:
    """A folder."""
    return Entry(name, stat.S_IFDIR | 0o755)


def link(name: str, target: str) -> Entry:
    """A symbolic link."""
    return Entry(name, stat.S_IFLNK | 0o777, target.encode())


def file(name: str, content: bytes, mode: int = 0o644) -> Entry:
    """A regular file."""
    return Entry(name, stat.S_IFREG | mode, content)


def device(name: str, major: int, minor: int) -> Entry:
    """A character device."""
    return Entry(name, stat.S_IFCHR | 0o600, device=(major, minor))


def archive(entries: Iterable[Entry]) -> bytes:
    """The archive; padded so that another one may follow it in the same ram disk."""
    parts = [packed(number, entry) for number, entry in enumerate(entries, 1)]
    data = b"".join([*parts, packed(0, Entry("TRAILER!!!", 0))])
    return data + bytes(-len(data) % 512)


def packed(number: int, entry: Entry) -> bytes:
    """One entry: 13 hexadecimal numbers, the name and the content, each aligned to 4."""
    name = entry.name.encode() + b"\0"
    fields = (number, entry.mode, 0, 0, 1, 0, len(entry.content), 0, 0, *entry.device, len(name), 0)
    head = b"070701" + b"".join(b"%08X" % value for value in fields) + name
    return head + bytes(-len(head) % 4) + entry.content + bytes(-len(entry.content) % 4)
