"""Archives that try to get out of where they are unpacked; `{outside}` is a folder beside it."""

from __future__ import annotations

import copy
import tarfile
from pathlib import Path

from tests.realrun.trees import member

DIR, LINK, HARD, FIFO, CHAR = (
    tarfile.DIRTYPE, tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE, tarfile.CHRTYPE,
)  # fmt: skip


def link(name: str, target: str, kind: bytes = LINK):
    return member(name, kind, linkname=target)


def long_link(depth: int) -> list:
    """The trick of CVE-2025-4517: links so long that realpath gives up and stops looking."""
    part, steps, found = "d" * 247, "abcdefghijklmnop", []
    path = ""
    for step in steps:
        found += [member(f"{path}{part}", DIR), link(f"{path}{step}", part)]
        path += part + "/"
    short = "/".join(steps)
    found.append(link(f"{short}/{'l' * 254}", "../" * len(steps)))
    found.append(link("escape", f"{short}/{'l' * 254}/{'../' * depth}outside"))
    return [*found, link("secret", "escape/secret", HARD), member("escape/new", data=b"x")]


SLIPS = {
    "dots": [member("../outside/new", data=b"x")],
    "deep dots": [member("a/b/../../../outside/new", data=b"x")],
    "absolute": [member("{outside}/new", data=b"x")],
    "link then file": [link("a", "../outside"), member("a/new", data=b"x")],
    "absolute link then file": [link("a", "{outside}"), member("a/new", data=b"x")],
    "link to link": [link("a", "b"), link("b", "../outside"), member("a/new", data=b"x")],
    "link then itself": [link("a", "../outside/secret"), member("a", data=b"changed")],
    "link then directory": [link("a", "../outside"), member("a", DIR, mode=0o777)],
    "link then attributes": [link("a", "../outside/secret"), member("a/", DIR, mode=0o777)],
    "hard link": [link("a", "../outside/secret", HARD), member("a", data=b"changed")],
    "absolute hard link": [link("a", "{outside}/secret", HARD)],
    "hard link through link": [link("l", "../outside"), link("a", "l/secret", HARD)],
    "hard link to link": [link("l", "../outside/secret"), link("a", "l", HARD), member("a/x")],
    "directory swapped": [
        member("a", DIR),
        member("a/x"),
        link("a", "../outside"),
        member("a/new"),
    ],
    "device": [member("a", CHAR, devmajor=1, devminor=1), member("a/new")],
    "whiteout": [link("a", "../outside"), member("a/.wh.secret")],
    "opaque": [link("a", "../outside"), member("a/.wh..wh..opq")],
    "whiteout of dots": [member("a/.wh...")],
    "long links": long_link(1),
}


def renamed(info: tarfile.TarInfo, outside: Path) -> tarfile.TarInfo:
    """With the name of that folder."""
    info = copy.deepcopy(info)
    info.name = info.name.replace("{outside}", str(outside))
    info.linkname = info.linkname.replace("{outside}", str(outside))
    return info
