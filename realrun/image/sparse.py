"""Numbers in tar headers, and sparse members: where the holes of a file are.

Source: GNU tar manual, "Basic Tar Format", "Storing Sparse Files" (old GNU; PAX 0.0, 0.1, 1.0).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import NamedTuple

from realrun.errors import BadImage

MAX_EXTENTS = 1_000_000


class Extent(NamedTuple):
    """A run of stored bytes: where it belongs in the file and how long it is."""

    offset: int
    length: int


def number(field_: bytes, what: str) -> int:
    """A numeric header field: octal digits, or GNU's base 256 when the first bit is set."""
    if field_[0] & 0x80:
        if field_[0] & 0x40 and what != "mtime":
            raise BadImage(f"a header with a negative {what}")
        return int.from_bytes(bytes([field_[0] & 0x7F]) + field_[1:], "big") - (
            (1 << (8 * len(field_) - 1)) if field_[0] & 0x40 else 0
        )
    digits = field_.split(b"\0")[0].strip(b" ")
    if digits and not re.fullmatch(rb"[0-7]+", digits):
        raise BadImage(f"a header whose {what} is {digits!r}, not an octal number")
    return int(digits or b"0", 8)


def extents_of_header(header: bytes, next_block: Callable[[], bytes]) -> tuple[int, list[Extent]]:
    """Old GNU: four pairs in the header itself, 21 in each block that continues it."""
    pairs, more = header[386:482], header[482]
    size = number(header[483:495], "real size")
    found: list[int] = []
    while True:
        fields = [pairs[at : at + 12] for at in range(0, len(pairs), 12)]
        found += [number(f, "hole") for f in fields if f.strip(b"\0 ")]
        if not more:
            return size, checked(found, size)
        block = next_block()
        pairs, more = block[:504], block[504]
        if len(found) > 2 * MAX_EXTENTS:
            raise BadImage("a sparse member with more holes than a file can sensibly have")


def extents_of_records(
    records: Mapping[bytes, bytes], data: Callable[[int], bytes]
) -> tuple[bytes, int, list[Extent]]:
    """PAX: (real name, real size, extents); 1.0 keeps the map in front of the data."""
    name = records.get(b"GNU.sparse.name", b"")
    size = decimal(records.get(b"GNU.sparse.realsize") or records.get(b"GNU.sparse.size") or b"")
    if records.get(b"GNU.sparse.major") == b"1":
        return name, size, checked(map_in_data(data), size)
    if b"GNU.sparse.map" in records:
        listed = records[b"GNU.sparse.map"].split(b",")
        return name, size, checked([decimal(value) for value in listed], size)
    raise BadImage("a sparse member in a form that only tar 1.14 wrote (PAX 0.0)")


def map_in_data(data: Callable[[int], bytes]) -> list[int]:
    """Lines of decimal numbers, the first says how many pairs follow; padded to a block."""
    text, values = b"", 1
    while text.count(b"\n") < values:
        text += data(512)
        if text.count(b"\n") and values == 1:
            values += 2 * min(decimal(text.split(b"\n", 1)[0]), MAX_EXTENTS)
    return [decimal(line) for line in text.split(b"\n")[1:values]]


def decimal(value: bytes) -> int:
    if not re.fullmatch(rb"\d{1,18}", value):
        raise BadImage(f"a sparse member whose map holds {value[:40]!r}")
    return int(value)


def checked(values: list[int], size: int) -> list[Extent]:
    """Extents in order, not overlapping, inside the file."""
    if len(values) % 2:
        raise BadImage("a sparse member whose map has an odd number of entries")
    extents = [Extent(*pair) for pair in zip(values[::2], values[1::2], strict=True)]
    end = 0
    for offset, length in extents:
        if offset < end or offset + length > size:
            raise BadImage("a sparse member whose map overlaps itself or leaves the file")
        end = offset + length
    return extents
