"""Writing a layer archive: ustar headers, and pax records where ustar is too small.

Every byte follows from the arguments, so that equal trees make equal archives on any machine:
no user names, no times but mtime, numbers in one fixed form.

Source: POSIX.1-2017 `pax`; OCI image-spec, layer.md, "File Attributes".
"""

from __future__ import annotations

from realrun.image.tarread import BLOCK, XATTR, Entry

END = bytes(2 * BLOCK)
OCTAL_7, OCTAL_11 = 0o7777777, 0o77777777777


def headers(entry: Entry) -> bytes:
    """Everything that goes before the data of this member."""
    records = {XATTR + key: value for key, value in entry.xattrs.items()}
    name = fitting(entry.name, b"path", records)
    link = fitting(entry.link, b"linkpath", records)
    uid, gid, size, mtime = (
        small(value, key, limit, records)
        for value, key, limit in (
            (entry.uid, b"uid", OCTAL_7),
            (entry.gid, b"gid", OCTAL_7),
            (entry.size, b"size", OCTAL_11),
            (entry.mtime_ns // 10**9, b"mtime", OCTAL_11),
        )
    )
    main = block(
        name, entry.kind, entry.mode, uid, gid, size, mtime, link, entry.major, entry.minor
    )
    if not records:
        return main
    body = b"".join(pax_record(key, records[key]) for key in sorted(records))
    extended = block(b"PaxHeaders/" + name[:80], b"x", 0o644, 0, 0, len(body), 0)
    return extended + body + padding(len(body)) + main


def padding(size: int) -> bytes:
    """Zeros up to the next block."""
    return bytes(-size % BLOCK)


def fitting(name: bytes, key: bytes, records: dict[bytes, bytes]) -> bytes:
    """The name for the 100 bytes of ustar; one that is longer or not ASCII goes to pax as well."""
    if len(name) > 100 or not name.isascii():
        records[key] = name
    return name[:100]


def small(value: int, key: bytes, limit: int, records: dict[bytes, bytes]) -> int:
    if 0 <= value <= limit:
        return value
    records[key] = b"%d" % value
    return 0


def pax_record(key: bytes, value: bytes) -> bytes:
    """`LENGTH KEY=VALUE\\n`, where LENGTH counts itself too."""
    rest = b" " + key + b"=" + value + b"\n"
    length = len(rest) + len(str(len(rest)))
    length = len(rest) + len(str(length))
    return b"%d%s" % (length, rest)


def block(
    name: bytes,
    kind: bytes,
    mode: int,
    uid: int,
    gid: int,
    size: int,
    mtime: int,
    link: bytes = b"",
    major: int = 0,
    minor: int = 0,
) -> bytes:
    """One 512-byte ustar header."""
    front = name.ljust(100, b"\0") + b"%07o\0%07o\0%07o\0%011o\0%011o\0" % (
        mode,
        uid,
        gid,
        size,
        mtime,
    )
    back = kind + link.ljust(100, b"\0") + b"ustar\x0000" + bytes(64)
    back += (b"%07o\0%07o\0" % (major, minor)).ljust(BLOCK - 329, b"\0")
    checksum = sum(front) + sum(back) + 8 * 32
    return front + b"%06o\0 " % checksum + back
