"""Named volumes: directories that outlive containers, below ROOT/volumes.

    ROOT/volumes/NAME/_data        what containers see
    ROOT/volumes/NAME/volume.json  since when there is one, its labels, whether it has a name

A volume is made whole and renamed into place. It fills from an image when the first container
starts with it (`runtime.attach`). Names and rules are those of Docker's `local` driver.

Source: Docker's documentation, "Volumes", `docker volume`.
"""

from __future__ import annotations

import fcntl
import json
import os
import re
import time
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from realrun.errors import NoSuchVolume, RealRunError, UsageError
from realrun.files import filling
from realrun.files.remove import DIRECTORY_FLAGS
from realrun.files.workspace import locked, remove_whole, workspace
from realrun.runtime.spec import Mount

NAME = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9_.-]+")
LONGEST_NAME = 255  # a folder's, of any file system


@dataclass(frozen=True, slots=True, kw_only=True)
class Volume:
    """A volume; `anonymous` ones have a random name and go with the container that has them."""

    name: str
    created: str
    mountpoint: str
    anonymous: bool = False
    labels: Mapping[str, str] | None = None  # of one that a container asked for there are none


def check_name(name: str) -> None:
    """Refuse what is no volume's name, in particular every path."""
    if not NAME.fullmatch(name) or len(name) > LONGEST_NAME:
        raise UsageError(
            f"{name!r} is no volume's name: two or more of a-z A-Z 0-9 _ . - that begin with "
            "a letter or digit; a directory of this machine is given by its absolute path"
        )


def new_name() -> str:
    """For a volume without a name, as Docker's."""
    return os.urandom(32).hex()


def is_new_name(name: str) -> bool:
    """Does it look as if `new_name` had made it."""
    return re.fullmatch("[0-9a-f]{64}", name) is not None


def place(root: Path, name: str) -> Path:
    """The folder of volume `name`."""
    check_name(name)
    return root / "volumes" / name


def create(root: Path, name: str = "", labels: Mapping[str, str] | None = None) -> Volume:
    """Make the volume, or find it if it is there already; without a name, a new one.

    A name as `new_name` gives them is none: such a volume is anonymous.
    """
    chosen = name or new_name()
    folder = place(root, chosen)
    if not folder.is_dir():
        created = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        told = {"created": created, "anonymous": is_new_name(chosen), "labels": labels}
        with workspace(root, "volume") as scratch, locked(root):
            made = scratch / "volume"
            (made / "_data").mkdir(parents=True)
            (made / "volume.json").write_text(json.dumps(told), encoding="utf-8")
            for path in (made, made / "_data"):
                path.chmod(0o755)
            folder.parent.mkdir(mode=0o700, exist_ok=True)  # a setuid program in it is not for all
            if not folder.is_dir():  # somebody may have been faster
                os.rename(made, folder)
    return find(root, chosen)


def find(root: Path, name: str) -> Volume:
    """The volume of that name; what is no name is the name of none."""
    try:
        folder = place(root, name)
        told: Any = json.loads((folder / "volume.json").read_text(encoding="utf-8"))
    except (FileNotFoundError, UsageError):
        raise NoSuchVolume(f"no such volume: {name}; `realrun volume ls` lists them") from None
    except (ValueError, RecursionError):
        told = None
    if not isinstance(told, dict) or told.keys() - {"labels"} != {"created", "anonymous"}:
        raise RealRunError(
            f"{folder}/volume.json is damaged or of another version of realrun; use that one, or"
            " remove the folder"
        )
    return Volume(name=name, mountpoint=str(folder / "_data"), **told)


def every(root: Path) -> list[Volume]:
    """All volumes, by name."""
    folder = root / "volumes"
    found = []
    for name in sorted(os.listdir(folder)) if folder.is_dir() else []:
        try:
            found.append(find(root, name))
        except NoSuchVolume:  # removed meanwhile
            continue
    return found


def remove(root: Path, name: str, users: Collection[str] = ()) -> None:
    """Remove a volume with all that is in it; `users` are the containers that have it."""
    find(root, name)
    if users:
        listed = ", ".join(sorted(user[:12] for user in users))
        raise RealRunError(f"volume {name} is in use by {listed}; remove that first")
    try:
        remove_whole(root, place(root, name), "volume")
    except FileNotFoundError:  # somebody was faster
        raise NoSuchVolume(f"no such volume: {name}") from None


def prune(root: Path, in_use: Collection[str], everything: bool = False) -> list[tuple[str, int]]:
    """Remove the anonymous volumes that nobody uses, or all such; their names and bytes."""
    from realrun.image.sizes import size_of

    found = [volume for volume in every(root) if everything or volume.anonymous]
    gone = []
    for volume in found:
        if volume.name not in in_use:
            size = size_of(Path(volume.mountpoint)).content_bytes
            gone.append((volume.name, size))
            remove(root, volume.name)
    return gone


def settle(root: Path) -> None:
    """Finish or take back what a container was killed at that was to fill a volume."""
    for volume in every(root):
        fd = os.open(volume.mountpoint, DIRECTORY_FLAGS)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            filling.settle(fd)
        except (BlockingIOError, PermissionError):
            continue  # somebody is at it; or its files are of other ids: the next container does it
        finally:
            os.close(fd)


def labels_of(mount: Mount) -> dict[str, str]:
    """The labels that a new volume gets."""
    words = [word.removeprefix("label=") for word in mount.options if word.startswith("label=")]
    return dict(word.partition("=")[::2] for word in words)


def prepare(root: Path, mounts: Iterable[Mount]) -> None:
    """Make the volumes that are missing, and the directories of -v; what must exist is looked for.

    Raises UsageError for the source of a `--mount type=bind` that does not exist.
    """
    for mount in mounts:
        if mount.kind == "volume" and mount.source:
            create(root, mount.source, labels_of(mount) or None)
        elif mount.kind == "bind" and "create" in mount.options:
            if not os.path.exists(mount.source):
                os.makedirs(mount.source, exist_ok=True)
        elif mount.kind == "bind" and not os.path.exists(mount.source):
            raise UsageError(
                f"bind source {mount.source} does not exist; make it, or use -v, which does"
            )
