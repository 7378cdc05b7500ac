"""The folders of all containers, their names, and which of them run.

    ROOT/containers/ID/config.json  settled at `create`
                       state.json   what happened since; not there = never started
                       watch        locked (fcntl(2)) by whoever watches over it: it runs.
                                    At the end the exit code is written here for those who wait
                       log          what it said; log.1, log.2: before that
                       upper/       its writable layer; a guest's is in disk/
                       paused       there for one that is paused
    ROOT/containers/names/NAME      a symbolic link to ID; one that leads nowhere is free
    ROOT/containers/going/ID        there for one that is to be removed at its end

A folder is put together in ROOT/tmp and appears with one rename, and vanishes with one, so that a
container is there whole or not at all whatever is killed meanwhile.
"""

from __future__ import annotations

import errno
import fcntl
import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

from realrun.containers import names, record
from realrun.containers.record import Container, State
from realrun.errors import NoSuchContainer, UsageError
from realrun.files import ofdlock
from realrun.files.remove import DIRECTORY_FLAGS
from realrun.files.workspace import locked, remove_whole, workspace
from realrun.image.merged import make_upper
from realrun.runtime import state as instances

ID_LENGTH = 64
CODE_BYTES = 16
MOMENT_S = 0.002


def no_code() -> bytes:
    """What the file `watch` holds before there is an exit code."""
    return b" " * CODE_BYTES


def write_code(watch_fd: int, code: int | None) -> None:
    """Note the exit code, or that there is none: in place, for which a full disk has room."""
    os.pwrite(watch_fd, no_code() if code is None else b"%*d" % (CODE_BYTES, code), 0)


class Busy(UsageError):
    """Somebody watches over this container: it runs."""


class Registry:
    """All containers of one ROOT folder."""

    def __init__(self, root: Path) -> None:
        self.root, self.folder = root, root / "containers"

    def path(self, container_id: str) -> Path:
        """The folder of a container."""
        return self.folder / container_id

    def add(self, container: Container) -> Container:
        """Make its folder; without a name it gets one. Raises `UsageError` for a name in use."""
        if container.name:
            names.check(container.name)
        with workspace(self.root, "create") as scratch:
            folder = scratch / "container"
            folder.mkdir(mode=0o711)
            make_upper(folder / "upper", Path(container.spec.layers[-1]))
            (folder / "watch").write_bytes(no_code())
            (folder / "watch").chmod(0o600)
            with locked(self.root):
                self.folder.mkdir(mode=0o700, exist_ok=True)  # nor is one that it has written
                for name in ("names", "going"):
                    (self.folder / name).mkdir(exist_ok=True)
                named = replace(container, name=self._claim_name(container))
                try:
                    text = json.dumps(record.document(named), indent=1)
                    (folder / "config.json").write_text(text, encoding="utf-8")
                    if container.auto_remove:
                        (self.folder / "going" / container.id).touch()
                    os.rename(folder, self.path(container.id))
                except BaseException:  # such as a full disk
                    (self.folder / "names" / named.name).unlink()
                    raise
        return named

    def _claim_name(self, container: Container) -> str:
        """Take the wished name, or an invented one; call with the store locked."""
        for number in range(10_000):
            name = container.name or names.invented(number // 5)
            link = self.folder / "names" / name
            try:
                os.symlink(container.id, link)
                return name
            except FileExistsError:
                holder = os.readlink(link)
            if not self.path(holder).is_dir():  # whoever had it has gone
                link.unlink()
                os.symlink(container.id, link)
                return name
            if container.name:
                raise UsageError(
                    f"the name {name!r} is in use by container {holder[:12]}; remove or rename it"
                )
        raise UsageError("no free name was found; give one with --name")

    def ids(self) -> list[str]:
        """All there are."""
        try:
            found = os.listdir(self.folder)
        except FileNotFoundError:
            return []
        return [name for name in found if len(name) == ID_LENGTH]

    def all(self, watched: bool = False) -> list[Container]:
        """Every container, or all that somebody watches over; the newest first."""
        found = []
        for container_id in instances.names(self.root) if watched else self.ids():
            try:
                if not watched or self._is_watched(container_id):
                    found.append(self.read(container_id))
            except FileNotFoundError:  # removed meanwhile
                continue
        return sorted(found, key=lambda one: one.created, reverse=True)

    def images_in_use(self) -> dict[str, str]:
        """Digests of the manifests that containers are made from, each with one of their names."""
        return {one.image_digest: one.name for one in self.all()}

    def read(self, container_id: str) -> Container:
        """The container of a whole id; raises FileNotFoundError."""
        path = self.path(container_id) / "config.json"
        data = path.read_bytes()
        with record.understood(path):
            return record.from_document(json.loads(data))

    def find(self, reference: str) -> Container:
        """The container of this name, id or beginning of an id; raises `NoSuchContainer`."""
        if found := self._id_of(reference):
            with suppress(FileNotFoundError):  # removed meanwhile
                return self.read(found)
        raise NoSuchContainer(f"no such container: {reference!r}; `realrun ps -a` lists them")

    def _id_of(self, reference: str) -> str:
        """The id that a reference means; empty if none."""
        if names.RULE.fullmatch(reference):
            if len(reference) == ID_LENGTH and self.path(reference).is_dir():
                return reference
            try:
                return os.readlink(self.folder / "names" / reference)
            except OSError as error:
                if error.errno not in (errno.ENOENT, errno.ENAMETOOLONG):
                    raise
        found = [one for one in self.ids() if reference and one.startswith(reference)]
        if len(found) > 1:
            raise UsageError(f"{reference!r} is the beginning of several ids; write more of it")
        return found[0] if found else ""

    def state(self, container: Container) -> State:
        """How it is now; one whose watcher was killed ended with it."""
        running = self.is_watched(container)  # asked first: at the end the file is written before
        path = self.path(container.id) / "state.json"
        try:
            data = path.read_bytes()
        except FileNotFoundError:
            return State()
        with record.understood(path):
            told = record.state_from(json.loads(data))
        if told.status != record.RUNNING or running:
            return told._replace(paused=running and (path.parent / "paused").exists())
        code = self._code(container.id)
        return told._replace(
            status=record.EXITED,
            pid=0,
            finished=told.started,  # nobody noted when: not before this
            exit_code=137 if code is None else code,
            error="its watcher was killed" if code is None else "its end could not be noted",
        )

    def write_state(self, container: Container, state: State) -> None:
        """Put the state in place, whole; only who watches over it may."""
        folder = self.path(container.id)
        (folder / "state.new").write_text(json.dumps(state._asdict()), encoding="utf-8")
        os.replace(folder / "state.new", folder / "state.json")

    def is_watched(self, container: Container) -> bool:
        """Does somebody watch over it, that is, does it run (or is about to)."""
        return self._is_watched(container.id)

    def _is_watched(self, container_id: str) -> bool:
        try:
            with open(self.path(container_id) / "watch", "rb") as file:
                return ofdlock.asked(file.fileno()) == ofdlock.HELD
        except FileNotFoundError:
            return False

    @contextmanager
    def watching(self, container: Container) -> Iterator[int]:
        """Be the one who watches over it; raises `Busy` if somebody does. Gives the descriptor."""
        try:
            fd = os.open(self.path(container.id) / "watch", os.O_RDWR | os.O_CLOEXEC)
        except FileNotFoundError:
            raise NoSuchContainer(f"container {container.name} has been removed") from None
        try:
            if not ofdlock.take(fd):
                raise Busy(f"container {container.name} is running")
            with self.turn(container):  # whoever visits its files is done first
                self.state(container)  # one of another version is refused
            yield fd
        finally:
            os.close(fd)

    @contextmanager
    def visiting(self, container: Container) -> Iterator[None]:
        """Be among its files while it does not run; raises `Busy` if it does. Until then nobody
        can start or remove it: they wait."""
        with self.turn(container):
            if self.is_watched(container):
                raise Busy(f"container {container.name} is running")
            yield

    @contextmanager
    def turn(self, container: Container) -> Iterator[None]:
        """Only one at a time may have the writable layer; waits for its turn (flock(2))."""
        try:
            fd = os.open(self.path(container.id) / "upper", DIRECTORY_FLAGS)
        except FileNotFoundError:
            raise NoSuchContainer(f"container {container.name} has been removed") from None
        try:
            fcntl.flock(fd, fcntl.LOCK_EX)
            yield
        finally:
            os.close(fd)

    def ends_within(self, container: Container, timeout_s: float) -> bool:
        """Wait for a while until nobody watches over it."""
        deadline = time.monotonic() + timeout_s
        while self.is_watched(container):
            if time.monotonic() > deadline:
                return False
            time.sleep(MOMENT_S)
        return True

    def wait(self, container: Container) -> int:
        """Wait until nobody watches over it; its exit code, even if it is removed at its end."""
        with open(self.path(container.id) / "watch", "rb") as file:
            ofdlock.wait(file.fileno())
            told = file.read().strip()
        return int(told) if told else self.state(container).exit_code

    def _code(self, container_id: str) -> int | None:
        """The exit code of its last run, if its watcher came to note it."""
        with suppress(FileNotFoundError):
            told = (self.path(container_id) / "watch").read_bytes().strip()
            return int(told) if told else None
        return None

    def remove(self, container: Container) -> None:
        """Take it away, folder first and name last; call as the one who watches over it."""
        remove_whole(self.root, self.path(container.id), "remove")
        link = self.folder / "names" / container.name
        with locked(self.root):
            if link.is_symlink() and os.readlink(link) == container.id:
                link.unlink()
        (self.folder / "going" / container.id).unlink(missing_ok=True)

    def going(self) -> Iterator[Container]:
        """All that are to be removed at their end."""
        folder = self.folder / "going"
        for container_id in os.listdir(folder) if folder.is_dir() else ():
            try:
                yield self.read(container_id)
            except FileNotFoundError:
                with locked(self.root):  # one that is just being made has its folder by then
                    if not self.path(container_id).is_dir():
                        (folder / container_id).unlink(missing_ok=True)

    def free_names(self) -> None:
        """Take names away that lead nowhere; every container has one, so their number tells."""
        with locked(self.root):
            folder = self.folder / "names"
            taken = os.listdir(folder) if folder.is_dir() else []
            if len(taken) > len(self.ids()):
                for name in taken:
                    if not self.path(os.readlink(folder / name)).is_dir():
                        (folder / name).unlink()
