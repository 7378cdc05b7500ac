"""Reading a layer archive: headers of POSIX pax, ustar, GNU and V7 tar, from a stream, once.

Why not `tarfile`: it takes a broken header in the middle for the end of the archive, it loops or
runs out of stack on hostile headers, and its extraction is neither safe nor faithful. This reader
goes forward only, checks every checksum and bounds every number; whatever is odd is `BadImage`.

Sources: POSIX.1-2017 `pax`, "ustar Interchange Format" and "pax Extended Header"; the GNU tar
manual, "Basic Tar Format"; OCI image-spec, layer.md (which attributes a layer carries).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from realrun.errors import BadImage
from realrun.image.budget import Budget
from realrun.image.sparse import Extent, extents_of_header, extents_of_records, number

BLOCK = 512
CHUNK = 1 << 20
REGULAR, HARD_LINK, SYMLINK, CHAR, DEVICE, DIRECTORY, FIFO = (
    b"0",
    b"1",
    b"2",
    b"3",
    b"4",
    b"5",
    b"6",
)
HEADER_ONLY = {HARD_LINK, SYMLINK, CHAR, DEVICE, DIRECTORY, FIFO}
AS_REGULAR = {b"\0", b"0", b"7", b"S"}
XATTR = b"SCHILY.xattr."
MAX_NAME = 4096  # PATH_MAX: nothing longer can be opened in one call anyway
MAX_EXTENDED = 1 << 20
MOST_EXTENDED = 16  # a member has one of each of four kinds at most


@dataclass(slots=True)
class Entry:
    """One member, as its headers describe it; times in nanoseconds."""

    name: bytes
    kind: bytes
    mode: int
    uid: int
    gid: int
    size: int
    mtime_ns: int
    link: bytes = b""
    major: int = 0
    minor: int = 0
    xattrs: dict[bytes, bytes] = field(default_factory=dict)
    extents: list[Extent] | None = None


class TarReader:
    """Members of an uncompressed archive, in order; the data of one is read before the next."""

    def __init__(self, read: Callable[[int], bytes], budget: Budget | None = None) -> None:
        self._read, self.budget = read, budget or Budget()
        self._taken = 0  # bytes of the archive so far
        self._left = 0  # bytes of the current member not read yet
        self._padding = 0
        self._globals: dict[bytes, bytes] = {}

    def __iter__(self) -> Iterator[Entry]:
        for entry in self._entries():
            self.budget.entry()
            yield entry

    def chunks(self, entry: Entry) -> Iterator[tuple[int, bytes]]:
        """The data of the current member as (offset in the file, bytes); holes are left out."""
        for offset, length in entry.extents or [Extent(0, self._left)]:
            while length:
                piece = self._data(min(length, CHUNK))
                yield offset, piece
                offset, length = offset + len(piece), length - len(piece)

    def _entries(self) -> Iterator[Entry]:
        while (header := self._header()) is not None:
            records = dict(self._globals)
            names: dict[bytes, bytes] = {}
            for _ in range(MOST_EXTENDED + 1):
                if header[156:157] not in b"xgLK":
                    break
                self._extended(header, records, names)
                if (header := self._header()) is None:
                    raise BadImage("the archive ends after an extended header")
            else:
                raise BadImage(f"more than {MOST_EXTENDED} extended headers for one member")
            yield self._entry(header, records, names)

    def _extended(
        self, header: bytes, records: dict[bytes, bytes], names: dict[bytes, bytes]
    ) -> None:
        """Take in one header that describes the member after it."""
        kind, size = header[156:157], number(header[124:136], "size")
        if size > MAX_EXTENDED:
            raise BadImage(f"an extended header of {size} bytes; at most {MAX_EXTENDED} make sense")
        self._begin(size)
        body = self._data(size)
        if kind in b"LK":
            names[kind] = body.rstrip(b"\0")
            return
        found = pax_records(body)
        records.update(found)
        if kind == b"g":
            self._globals.update(found)

    def _entry(
        self, header: bytes, records: dict[bytes, bytes], names: dict[bytes, bytes]
    ) -> Entry:
        kind = header[156:157]
        stored = pax_number(records, b"size", number(header[124:136], "size"))
        entry = Entry(
            name=checked_name(records.get(b"path") or names.get(b"L") or plain_name(header)),
            kind=REGULAR if kind in AS_REGULAR else kind,
            mode=number(header[100:108], "mode") & 0o7777,
            uid=pax_number(records, b"uid", number(header[108:116], "uid")),
            gid=pax_number(records, b"gid", number(header[116:124], "gid")),
            size=0 if kind in HEADER_ONLY else stored,
            mtime_ns=pax_time(records, header),
            link=checked_name(records.get(b"linkpath") or names.get(b"K") or text(header[157:257])),
            major=number(header[329:337], "major") if kind in (CHAR, DEVICE) else 0,
            minor=number(header[337:345], "minor") if kind in (CHAR, DEVICE) else 0,
            xattrs={k[len(XATTR) :]: v for k, v in records.items() if k.startswith(XATTR)},
        )
        if kind == b"\0" and entry.name.endswith(b"/"):
            entry.kind, entry.size = DIRECTORY, 0  # V7 had no type for directories
        self._begin(entry.size)
        self._find_holes(entry, kind, header, records)
        return entry

    def _find_holes(
        self, entry: Entry, kind: bytes, header: bytes, records: dict[bytes, bytes]
    ) -> None:
        """Sparse members: where the stored bytes belong in the file, and its real size."""
        if kind == b"S":
            blocks = lambda: self._raw(BLOCK)  # noqa: E731 - a name would say no more
            entry.size, entry.extents = extents_of_header(header, blocks)
        elif any(key.startswith(b"GNU.sparse.") for key in records):
            name, entry.size, entry.extents = extents_of_records(records, self._data)
            entry.name = checked_name(name or entry.name)
        self.budget.bytes(max(entry.size - self._left, 0))  # holes take time, if not room
        if entry.extents is not None and sum(e.length for e in entry.extents) != self._left:
            raise BadImage(f"{shown(entry.name)}: the map of its holes does not add up")

    def _header(self) -> bytes | None:
        """The next header block, checked; None at the end of the archive."""
        if self._left or self._padding:
            while self._left:
                self._data(min(self._left, CHUNK))
        block = self._raw(BLOCK, at_end=True)
        if not block or (block.count(0) == BLOCK and self._is_end()):
            return None
        if not self._adds_up(block):
            at = self._taken - BLOCK
            raise BadImage(f"a header at byte {at} fails its checksum" if at else "no tar archive")
        return block

    def _adds_up(self, block: bytes) -> bool:
        """Is this a header? Some old programs added signed bytes."""
        plain = sum(block) - sum(block[148:156]) + 8 * 32
        signed = plain - 256 * sum(b > 127 for b in block[:148] + block[156:])
        try:
            return number(block[148:156], "checksum") in (plain, signed)
        except BadImage:
            return False

    def _is_end(self) -> bool:
        block = self._raw(BLOCK, at_end=True)
        if block.count(0) != len(block):
            raise BadImage("a lone block of zeros in the middle of the archive")
        return True

    def _begin(self, size: int) -> None:
        self._left, self._padding = size, -size % BLOCK
        self.budget.bytes(size)
        if not size:
            self._padding = 0

    def _data(self, count: int) -> bytes:
        """Exactly `count` bytes of the current member; its padding goes with the last of them."""
        if count > self._left:
            raise BadImage("a member is shorter than its header says")
        piece = self._raw(count)
        self._left -= count
        if not self._left and self._padding:
            self._raw(self._padding)
            self._padding = 0
        return piece

    def _raw(self, count: int, at_end: bool = False) -> bytes:
        piece = self._read(count)
        while len(piece) < count and (more := self._read(count - len(piece))):
            piece += more
        self._taken += len(piece)
        if len(piece) != count and not (at_end and not piece):
            raise BadImage(f"the archive is cut off after {self._taken} bytes")
        return piece


def pax_records(body: bytes) -> dict[bytes, bytes]:
    """`LENGTH KEY=VALUE\\n` records; an empty value takes an earlier one back."""
    records: dict[bytes, bytes] = {}
    while body:
        head = re.match(rb"(\d{1,7}) ", body)
        length = int(head[1]) if head else 0
        record = body[:length]
        key, equals, value = record[head.end() if head else 0 : -1].partition(b"=")
        if not head or not equals or len(record) != length or record[-1:] != b"\n":
            raise BadImage("a pax header that is not made of `LENGTH KEY=VALUE` lines")
        records[key] = value
        body = body[length:]
    return records


def pax_number(records: dict[bytes, bytes], key: bytes, otherwise: int) -> int:
    value = records.get(key, b"")
    if not value:
        return otherwise
    if not re.fullmatch(rb"\d{1,18}", value):
        raise BadImage(f"a pax header whose {key.decode()} is {value[:40]!r}")
    return int(value)


def pax_time(records: dict[bytes, bytes], header: bytes) -> int:
    """The time of last change in nanoseconds: seconds, in pax with a decimal fraction."""
    value = records.get(b"mtime", b"")
    if not value:
        return number(header[136:148], "mtime") * 10**9
    found = re.fullmatch(rb"(-?)(\d{1,18})(?:\.(\d{0,30}))?", value)
    if not found:
        raise BadImage(f"a pax header whose mtime is {value[:40]!r}")
    ns = int(found[2]) * 10**9 + int((found[3] or b"").ljust(9, b"0")[:9])
    return -ns if found[1] else ns


def plain_name(header: bytes) -> bytes:
    """The name in the block itself; POSIX keeps the front of a long one in `prefix`."""
    name = text(header[0:100])
    if header[257:263] == b"ustar\0" and (prefix := text(header[345:500])):
        return prefix + b"/" + name
    return name


def text(field_: bytes) -> bytes:
    return field_.split(b"\0", 1)[0]


def checked_name(name: bytes) -> bytes:
    if b"\0" in name or len(name) > MAX_NAME:
        raise BadImage(f"a name that no file can have: {shown(name)}")
    return name


def shown(name: bytes) -> str:
    """A name for a message: short, and without control characters."""
    return repr(name[:80].decode("utf-8", "backslashreplace"))
