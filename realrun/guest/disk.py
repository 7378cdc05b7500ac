"""The image as a disk: one ext4 file system made from its layers, kept by the image's digest.

`mke2fs -d` copies a folder; the folder is the overlay of the layers, mounted in a namespace of its
own by a plan like any other, so this works without privilege too. What a guest writes goes over
this file (`overlay`), never into it. It has a journal: who kills a guest pulls its plug.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable
from pathlib import Path

from realrun import paths
from realrun.errors import GuestFailed
from realrun.files.workspace import workspace
from realrun.guest import tools
from realrun.runtime import planning, rootsteps, state
from realrun.runtime.client import Spawner
from realrun.runtime.plan import Plan
from realrun.runtime.record import Record
from realrun.runtime.spec import Spec
from realrun.runtime.start import finish
from realrun.runtime.users import User

KEPT = re.compile("(?:disk|snapshot)-([0-9a-f]{32})[.-]")
SPARE_BYTES = 64 << 20  # room for what the guest writes
OPTIONS = ["-q", "-t", "ext4", "-O", "^resize_inode", "-m", "0", "-b", "4096"]
# Of 4 MiB, the smallest; it need not be filled with zeros, which a new file reads as anyway.
JOURNAL = ["-J", "size=4", "-E", "lazy_journal_init=1"]


def of(spec: Spec) -> Path:
    """The disk of the spec's image, made if need be."""
    target = paths.root() / "guest" / f"disk-{name_of(spec)}-journal.ext4"
    if not target.exists():
        make(spec, target)
    return target


def name_of(spec: Spec) -> str:
    """What all that is kept of an image for its guests is called by."""
    return short(spec.image_digest)


def short(digest: str) -> str:
    """As much of a digest as nobody else has."""
    return digest.removeprefix("sha256:")[:32]


def prune(root: Path, images: Iterable[str], used: Callable[[], Iterable[str]]) -> list[str]:
    """Remove the disks of images that are gone, and the machines that were saved with them.

    Digests of the `images` that there are; what containers have `used` is asked for if need be.
    """
    named = [(path, KEPT.match(path.name)) for path in sorted((root / "guest").glob("*-*"))]
    wanted = {short(digest) for digest in images}
    unknown = {path: found[1] for path, found in named if found and found[1] not in wanted}
    if unknown:
        wanted |= {short(digest) for digest in used()}
    gone = [path for path, name in unknown.items() if name not in wanted]
    for path in gone:
        path.unlink(missing_ok=True)
    return [f"guest/{path.name}" for path in gone]


def content_bytes(layers: tuple[str, ...]) -> int:
    """How much the layers hold: an upper bound, since upper layers hide lower ones."""
    total = 0
    for layer in layers:
        for folder, _, files in os.walk(layer):
            total += 4096 + sum(os.lstat(os.path.join(folder, f)).st_size + 4096 for f in files)
    return total


def make(spec: Spec, target: Path) -> None:
    """Write the file system beside its place, then rename: whole or not at all."""
    target.parent.mkdir(parents=True, exist_ok=True)
    size = int(content_bytes(spec.layers) * 1.25) + SPARE_BYTES
    with workspace(paths.root(), "disk") as scratch:
        half = scratch / target.name
        with open(half, "wb") as file:
            file.truncate(size - size % 4096)
        run_mke2fs(spec, half, paths.root())
        half.rename(target)


def run_mke2fs(spec: Spec, disk: Path, root: Path) -> None:
    """Mount the layers in a private namespace and let mke2fs copy them."""
    program = tools.need("mke2fs")
    instance = Spec(
        layers=spec.layers,
        argv=(
            str(program.path),
            *OPTIONS,
            *JOURNAL,
            "-d",
            f"{root}/instances/{spec.id}d/root",
            str(disk),
        ),
        env=program.environment | {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin"},
        uid_map=spec.uid_map,
        gid_map=spec.gid_map,
        id=f"{spec.id}d",
    )
    folder, lock_fd = state.create(root, instance.id)
    steps = [
        planning.directories(folder),
        rootsteps.clone(["mnt", "pid"], "a process that sees the layers as one folder",
                        rootsteps.maps(instance)),
        *rootsteps.user_namespace(instance),
        rootsteps.private_mounts(),
        rootsteps.overlay(instance, folder),
        planning.become_steps(instance, User(), keep=None)[-1],
    ]  # fmt: skip
    plan = Plan(instance.id, "process", "none", tuple(steps))
    with open(f"{folder}/errors", "w+b") as errors, Spawner() as starter:
        record = Record(plan=plan, requested_ns=0)
        starter.start(planning.request(plan, folder), [lock_fd, *[errors.fileno()] * 3])
        os.close(lock_fd)
        finish(record, starter)
        errors.seek(0)
        said = errors.read().decode(errors="replace").strip()
    if record.code:
        why = record.failure[2] if record.failure else said
        raise GuestFailed(f"cannot make a disk of the image: {why or record.code}")
