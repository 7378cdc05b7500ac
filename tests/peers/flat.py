"""Layers laid over each other in the plainest way: the twin that both builders are judged by.

It shares no code with the engine: archives are read by the standard library, and a whiteout is a
name that is taken out of a dictionary.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import tarfile
from collections.abc import Iterable
from typing import Any

FIXED = 1_500_000_000  # the time of every file in the context: what is copied keeps it
SETTINGS = ("Env", "Cmd", "Entrypoint", "WorkingDir", "User", "Labels", "ExposedPorts", "Volumes",
            "StopSignal", "Healthcheck", "OnBuild", "Shell")  # fmt: skip
Files = dict[str, tuple[Any, ...]]


def flat(layers: Iterable[bytes]) -> Files:
    """name -> (type, mode, owner, group, is the time the fixed one, content or target)."""
    found: Files = {}
    for data in layers:
        plain = gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data
        with tarfile.open(fileobj=io.BytesIO(plain)) as tar:
            members = [(info.name.strip("/").removeprefix("./"), info) for info in tar]
            hide(found, [name for name, _ in members])
            for name, info in members:
                if name in ("", ".") or ".wh." in name:
                    continue
                if not info.isdir():
                    take_out(found, name, below=True)
                found[name] = facts(tar, info)
            found.update(together(found, members))
    return found


def together(found: Files, members: Iterable[tuple[str, tarfile.TarInfo]]) -> Files:
    """Files of one layer that are one file: each knows the first name in the alphabet."""
    groups: dict[str, list[str]] = {}
    for name, info in members:
        if info.islnk():
            groups.setdefault(info.linkname.strip("/").removeprefix("./"), []).append(name)
    first = {
        name: min(target, *names) for target, names in groups.items() for name in [target, *names]
    }
    return {name: (*found[name], "one file with", first[name]) for name in first if name in found}


def hide(found: Files, names: Iterable[str]) -> None:
    """What the markers of one layer take away from those below."""
    for name in names:
        folder, _, last = name.rpartition("/")
        if last == ".wh..wh..opq":
            take_out(found, folder, below=True, itself=False)
        elif last.startswith(".wh."):
            take_out(found, f"{folder}/{last[4:]}".lstrip("/"), below=True)


def take_out(found: Files, name: str, *, below: bool, itself: bool = True) -> None:
    for other in [one for one in found if below and one.startswith(name + "/")]:
        del found[other]
    if itself:
        found.pop(name, None)


def facts(tar: tarfile.TarFile, info: tarfile.TarInfo) -> tuple[Any, ...]:
    detail: Any = info.linkname if info.issym() else ""
    if info.isreg() or info.islnk():
        stream = tar.extractfile(info)
        data = stream.read() if stream else b""
        detail = data if len(data) < 200 else hashlib.sha256(data).hexdigest()
    kind = tarfile.REGTYPE if info.islnk() else info.type
    mode = 0o777 if info.issym() else info.mode & 0o7777
    is_fixed = not info.isdir() and int(info.mtime) == FIXED
    return (kind, oct(mode), info.uid, info.gid, is_fixed, detail)


def of_docker(archive: bytes) -> tuple[Files, dict[str, Any]]:
    """The files and the settings in what `docker save` wrote."""
    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        (manifest,) = json.loads(read(tar, "manifest.json"))
        document = json.loads(read(tar, manifest["Config"]))
        layers = [read(tar, name) for name in manifest["Layers"]]
    return flat(layers), settings(document)


def read(tar: tarfile.TarFile, name: str) -> bytes:
    """One file of an archive; Docker writes equal layers as links to the first."""
    info = tar.getmember(name)
    stream = tar.extractfile(info)
    assert stream is not None
    return stream.read()


def settings(document: dict[str, Any]) -> dict[str, Any]:
    """The settings that an image hands to a container; null, nothing and absent are the same."""
    config = {key: document["config"].get(key) for key in SETTINGS}
    config["author"] = document.get("author")
    return {key: value for key, value in config.items() if value}


def differences(ours: dict[str, Any], theirs: dict[str, Any]) -> list[str]:
    """One line for each name that differs: what Docker has, what we have."""
    return [
        f"{name}: docker {theirs.get(name, 'nothing')}, ours {ours.get(name, 'nothing')}"
        for name in sorted(ours.keys() | theirs.keys())
        if ours.get(name) != theirs.get(name)
    ]
