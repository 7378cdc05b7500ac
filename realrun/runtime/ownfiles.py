"""What every container has of its own, whatever its image: places to mount on, and three files.

/etc/hosts, /etc/hostname and /etc/resolv.conf are written for each start and mounted over the
image's. Where the image has no such file, or no /proc to mount on, an empty one is needed: it
lies in a layer between the image's and the writable one, so that no container seems to have made
it and no commit contains it.

`write` is carried out by the spawner, which is to stay small: nothing heavy is imported above.

Source: Docker's `initlayer` and its documentation, "Networking overview", "DNS services".
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from realrun.runtime.spec import Mount, Spec

LAYER, FOLDER = "init", "own"  # of an instance's folder
PLACES = ("dev", "proc", "sys")
FILES = ("hosts", "hostname", "resolv.conf")
LIMIT = 1 << 20
HOSTS = b"""\
127.0.0.1\tlocalhost
::1\tlocalhost ip6-localhost ip6-loopback
fe00::0\tip6-localnet
ff00::0\tip6-mcastprefix
ff02::1\tip6-allnodes
ff02::2\tip6-allrouters
"""


class Entry(NamedTuple):
    """Something empty of the layer in between."""

    path: str
    directory: bool
    mode: int = 0o755
    uid: int = 0
    gid: int = 0
    mtime_ns: int = 0


def lacking(layers: Sequence[str]) -> list[Entry]:
    """What the image lacks. An /etc that is a link is left alone."""
    from pathlib import Path

    from realrun.image.merged import Merged

    image = Merged([Path(layer) for layer in layers])
    found = [Entry(name, True) for name in PLACES if image.find(name, follow=False) is None]
    etc = image.find("etc", follow=False)
    files = [name for name in FILES if image.find(f"etc/{name}", follow=False) is None]
    if etc is None:
        found.append(Entry("etc", True))
    elif files and etc.is_directory:  # seen through this layer, it is to look as before
        status = etc.status
        mode, times = stat.S_IMODE(status.st_mode), status.st_mtime_ns
        found.append(Entry("etc", True, mode, status.st_uid, status.st_gid, times))
    if etc is None or etc.is_directory:
        found += [Entry(f"etc/{name}", False, 0o644) for name in files]
    return found


def mounts(spec: Spec, folder: str) -> Iterator[tuple[Mount, str]]:
    """The three files and where they come from, but for places that the caller mounts on."""
    from realrun.runtime.spec import Mount

    if not spec.own_files:
        return
    taken = {mount.target for mount in spec.mounts}
    for name in FILES:
        if f"/etc/{name}" not in taken:
            yield Mount("bind", "", f"/etc/{name}", spec.read_only), f"{folder}/{FOLDER}/{name}"


def write(folder: str, hostname: str, network: str, entries: list[list[Any]]) -> None:
    """Make the layer in between, and the files; the network's are the machine's if it is shared."""
    for name in (LAYER, FOLDER):
        os.mkdir(f"{folder}/{name}")
        os.chmod(f"{folder}/{name}", 0o755)
    made = [Entry(*entry) for entry in entries]
    for entry in made:
        make(f"{folder}/{LAYER}/{entry.path}", entry)
    for entry in made:  # when nothing more is put into them
        os.utime(f"{folder}/{LAYER}/{entry.path}", ns=(entry.mtime_ns, entry.mtime_ns))
    put(f"{folder}/{FOLDER}/hostname", os.fsencode(hostname) + b"\n")
    put(f"{folder}/{FOLDER}/resolv.conf", of_this_machine("/etc/resolv.conf"))
    shared = network == "host"
    put(f"{folder}/{FOLDER}/hosts", of_this_machine("/etc/hosts") if shared else HOSTS)


def make(path: str, entry: Entry) -> None:
    """One entry, whatever our umask."""
    if entry.directory:
        os.mkdir(path)
    else:
        put(path, b"")
    if os.geteuid() == 0:
        os.chown(path, entry.uid, entry.gid)
    os.chmod(path, entry.mode)


def put(path: str, data: bytes) -> None:
    """A file that all may read."""
    with open(path, "wb") as file:
        file.write(data)
        os.fchmod(file.fileno(), 0o644)


def of_this_machine(path: str) -> bytes:
    """A file of ours; empty if there is none."""
    try:
        with open(path, "rb") as file:
            return file.read(LIMIT)
    except FileNotFoundError:
        return b""
