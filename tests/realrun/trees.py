"""File trees for tests: written from a short description, read back into one that compares."""

from __future__ import annotations

import io
import os
import stat
import tarfile
from collections.abc import Iterable, Mapping
from pathlib import Path

from realrun.image.rooted import is_opaque, is_whiteout
from realrun.image.tarread import TarReader
from realrun.image.unpack import unpack

HOUR_NS = 3600 * 10**9


def below(top: Path) -> list[Path]:
    """Everything, by the bytes of its path. Unlike rglob it looks at no link's target."""
    found = [Path(at, name) for at, folders, files in os.walk(top) for name in folders + files]
    return sorted(found, key=os.fsencode)


def snapshot(top: Path, times: bool = True) -> dict[str, tuple[object, ...]]:
    """Every file below `top` with all that a layer keeps of it; hard links by their first name."""
    found: dict[str, tuple[object, ...]] = {}
    inodes: dict[tuple[int, int], str] = {}
    for path in below(top):
        name, status = str(path.relative_to(top)), path.lstat()
        if is_whiteout(status):
            found[name] = ("whiteout",)
            continue
        kind, detail = stat.S_IFMT(status.st_mode), b""
        if stat.S_ISREG(status.st_mode):
            detail = path.read_bytes()
        elif stat.S_ISLNK(status.st_mode):
            detail = os.fsencode(os.readlink(path))
        elif stat.S_ISDIR(status.st_mode):
            detail = b"opaque" if is_opaque(path) else b""
        first = name
        if status.st_nlink > 1 and not stat.S_ISDIR(status.st_mode):
            first = inodes.setdefault((status.st_dev, status.st_ino), name)
        user = [n for n in os.listxattr(path, follow_symlinks=False) if n.startswith("user.")]
        xattrs = [
            (n, os.getxattr(path, n, follow_symlinks=False))
            for n in sorted(user)
            if not n.startswith("user.overlay.")
        ]
        mode = stat.S_IMODE(status.st_mode)
        owner = (status.st_uid, status.st_gid) if os.geteuid() == 0 else ()
        mtime = status.st_mtime_ns if times else 0
        found[name] = (kind, mode, owner, mtime, detail, first, xattrs)
    return found


def names(top: Path) -> list[str]:
    """Relative names of everything, sorted."""
    return sorted(str(path.relative_to(top)) for path in below(top))


def member(name: str, kind: bytes = tarfile.REGTYPE, data: bytes = b"", **more: object):
    """One archive member with its data."""
    info = tarfile.TarInfo(name)
    info.type, info.size = kind, len(data)
    info.mode = 0o755 if kind == tarfile.DIRTYPE else 0o644
    for key, value in more.items():
        setattr(info, key, value)
    return info, data


def archive(members: Iterable[tuple[tarfile.TarInfo, bytes]], form: int = tarfile.PAX_FORMAT):
    """An archive as bytes, made by the standard library: any name, any type, nothing checked."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=form) as tar:
        for info, data in members:
            tar.addfile(info, io.BytesIO(data))
    return out.getvalue()


def unpacked(data: bytes, target: Path) -> Path:
    """Unpack an archive into a new folder."""
    target.mkdir()
    unpack(TarReader(io.BytesIO(data).read), target)
    return target


def write(top: Path, files: Mapping[str, str | None]) -> Path:
    """`{"a/b": "text", "dir/": None, "link": "-> target"}`"""
    top.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        path = top / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if text is None:
            path.mkdir(exist_ok=True)
        elif text.startswith("-> "):
            path.symlink_to(text.removeprefix("-> "))
        else:
            path.write_text(text)
            path.chmod(0o644)  # whatever the umask
        for folder in path.relative_to(top).parents:
            (top / folder).chmod(0o755)
    return top
