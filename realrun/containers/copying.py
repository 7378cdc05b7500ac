"""cp: files in and out of a container, running or not.

One side packs an archive, the other unpacks it: `sending` and `receiving`, of which one works here
and the other inside, with the container's root as its root (`visits`). What comes out of a
container is unpacked as if it were hostile: every directory is opened by itself, no link followed.

Owners: what goes in belongs to whom the archive says, as Docker has it; what comes out, to whoever
copies.
"""

from __future__ import annotations

import os
import stat
from itertools import chain
from typing import BinaryIO

from realrun import engine
from realrun.containers import guests, places, sending
from realrun.containers.places import Asked, Spot, asked
from realrun.containers.receiving import Receiver, receive
from realrun.containers.record import Container
from realrun.containers.registry import Registry
from realrun.containers.visits import visit
from realrun.errors import UsageError
from realrun.files.remove import DIRECTORY_FLAGS
from realrun.image import tarread as tar
from realrun.image.rooted import Parts, Rooted, components
from realrun.image.tarread import TarReader
from realrun.runtime import users
from realrun.runtime.visiting import work

SEND = "realrun.containers.sending:send"
TAKE_IN = "realrun.containers.receiving:take_in"
CHUNK = 1 << 16


# --- out of a container ---------------------------------------------------------------------------


def fetch_archive(
    registry: Registry, container: Container, path: str, follow: bool, out: BinaryIO
) -> None:
    """A path of the container as an archive, its members named as Docker does."""
    act = work(SEND, {"path": path, "follow": follow, "named": True})
    with visit(registry, container, act, "rb") as stream:
        pour(stream, out)


def export(registry: Registry, container: Container, out: BinaryIO) -> None:
    """All files of the container as an archive, without what is mounted from outside."""
    if container.spec.isolation in engine.GUESTS:
        guests.export(registry, container, out)
        return
    act = work("realrun.containers.sending:send_all", {})
    with visit(registry, container, act, "rb", mounts=False) as stream:
        pour(stream, out)


def pour(source: BinaryIO, out: BinaryIO) -> None:
    """All that the one says, into the other."""
    while piece := source.read(CHUNK):
        out.write(piece)
    out.flush()


def fetch(registry: Registry, container: Container, path: str, follow: bool, to: str) -> None:
    """A path of the container as files of this machine."""
    parts, found = local_destination(to)
    act = work(SEND, {"path": path, "follow": follow, "named": False})
    with visit(registry, container, act, "rb") as stream:
        reader = TarReader(stream.read)
        members = iter(reader)
        first = next(members, None)
        if first is None:
            return  # it vanished while it was looked at
        directory = first.kind == tar.DIRECTORY
        first.name = b"."  # also where the one who packs cannot say so
        into = places.target(parts, found, asked(to), asked(path).name, directory)
        where = b"/" + b"/".join(into.parts)
        with Rooted(os.fsdecode(where)) as root:
            receiver = Receiver(root, into._replace(parts=()), where, None)
            receive(receiver, chain([first], members), reader)


def local_destination(to: str) -> tuple[Parts, os.stat_result | None]:
    """The path with its links resolved, and what is there; its directory has to be.

    Source: Docker's command line, `ValidateOutputPath`.
    """
    if not to:
        raise UsageError("destination can not be empty")
    path = os.path.abspath(to)
    folder = os.path.dirname(path)
    if not os.path.exists(folder):
        raise UsageError(f"invalid output path: directory {folder!r} does not exist")
    try:
        found = os.stat(path + "/" if asked(to).directory else path)
    except FileNotFoundError:
        found = None
    if found and (stat.S_ISBLK(found.st_mode) or stat.S_ISCHR(found.st_mode)):
        raise UsageError(
            f"invalid output path: {path!r} must be a directory or a regular file: got a device"
        )
    return tuple(components(os.fsencode(os.path.realpath(path)))), found


# --- into a container -----------------------------------------------------------------------------


def bring_archive(
    registry: Registry, container: Container, source: BinaryIO, path: str, archive: bool
) -> None:
    """Unpack an archive in a directory of the container."""
    owner = owner_of(registry, container) if archive else None
    act = work(f"{TAKE_IN}_archive", {"path": path, "owner": owner})
    with visit(registry, container, act, "wb") as stream:
        pour(source, stream)


def bring(
    registry: Registry, container: Container, source: str, follow: bool, path: str, archive: bool
) -> None:
    """Files of this machine, to a path of the container."""
    wanted, spot, status = local_source(source, follow)
    owner = owner_of(registry, container) if archive else None
    told = {"name": os.fsdecode(wanted.name), "directory": stat.S_ISDIR(status.st_mode)}
    try:
        act = work(TAKE_IN, {"path": path, "owner": owner} | told)
        with visit(registry, container, act, "wb") as stream:
            sending.write(stream, spot, status, top_label(container))
    finally:
        os.close(spot.dir_fd)


def top_label(container: Container) -> bytes:
    """What the thing itself is called on its way; a guest's busybox wants a name."""
    return b"it" if container.spec.isolation in engine.GUESTS else b"."


def local_source(source: str, follow: bool) -> tuple[Asked, Spot, os.stat_result]:
    """What is to be copied: the links on the way there are followed, and the last one if asked."""
    if not source:
        raise UsageError("source can not be empty")
    wanted = asked(source, os.getcwd())
    path = os.fsdecode(b"/" + b"/".join(wanted.parts))
    real = os.path.realpath(path)
    if not (follow or wanted.directory):
        real = os.path.join(os.path.realpath(os.path.dirname(path)), os.path.basename(path))
    try:
        folder = os.open(os.path.dirname(real), os.O_PATH | DIRECTORY_FLAGS)
    except OSError as error:
        raise sending.NoSuchPath(source, error.errno or 0) from None
    spot = Spot(folder, os.fsencode(os.path.basename(real)) or b".", ())
    try:
        return wanted, spot, sending.checked(spot.status(), wanted, source)
    except BaseException:
        os.close(folder)
        raise


def owner_of(registry: Registry, container: Container) -> tuple[int, int] | None:
    """Who gets everything that comes in archive mode: the user of a container that has one."""
    if not container.spec.user:
        return None
    upper = str(registry.path(container.id) / "upper")
    user = users.resolve(container.spec.user, users.reader((*container.spec.layers, upper)))
    return user.uid, user.gid
