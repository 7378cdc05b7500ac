"""What lies on the disk of an image and of its instances: allocated blocks, each file once.

Source: stat(2): `st_blocks` are the blocks of 512 bytes that are allocated, also of a sparse file;
proc(5), `/proc/PID/fd`, for files that are open and have no name any more.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from realrun import engine, paths
from realrun.guest import backends, initramfs, levels, tools
from realrun.image import Image
from realrun.runtime.run import Run

MIB = 1 << 20


class Size(NamedTuple):
    """What files say of their length, and what they take on the disk; MiB."""

    apparent_mib: float
    allocated_mib: float


def size(found: Iterable[os.stat_result]) -> Size:
    """Of all these files together; what has two names, or is met twice, counts once."""
    once = {(one.st_dev, one.st_ino): one for one in found}.values()
    files = [one for one in once if stat.S_ISREG(one.st_mode) or stat.S_ISLNK(one.st_mode)]
    apparent = sum(one.st_size for one in files)
    return Size(apparent / MIB, sum(one.st_blocks * 512 for one in once) / MIB)


def below(places: Iterable[Path]) -> Iterator[os.stat_result]:
    """Everything in these places, the folders themselves as well; not what vanishes meanwhile."""
    for place in places:
        names = [place]
        for folder, folders, files in os.walk(place):
            names += [Path(folder, name) for name in (*folders, *files)]
        for name in names:
            try:
                yield os.lstat(name)
            except FileNotFoundError:
                continue


def nameless(pids: Sequence[int], device: int) -> Iterator[os.stat_result]:
    """Open files of these processes on this device that have been deleted: a monitor's overlay."""
    for pid in pids:
        try:
            for name in os.listdir(f"/proc/{pid}/fd"):
                found = os.stat(f"/proc/{pid}/fd/{name}")
                if stat.S_ISREG(found.st_mode) and not found.st_nlink and found.st_dev == device:
                    yield found
        except (FileNotFoundError, ProcessLookupError):
            continue


def of_images(images: Sequence[Image]) -> dict[str, Size]:
    """The layers of these images, stored and unpacked; what several have counts once."""
    root = paths.root()
    blobs = {layer.digest for image in images for layer in image.stored}
    stored = [root / "image/blobs" / digest.replace(":", "/") for digest in blobs]
    layers = {layer for image in images for layer in image.layers}
    return {"blobs": size(below(stored)), "layers": size(below(layers))}


def of_guest(image: Image, isolation: str, level: str) -> dict[str, Size]:
    """What guests of a level share: the image's disk; of all images ram disk, kernel, system."""
    name, folder = image.digest.removeprefix("sha256:")[:32], paths.root() / "guest"
    own = backends.BACKENDS[isolation].kernel == "kernel"
    kernel = tools.need("kernel").path if own else None
    boot = [initramfs.base(kernel), *([kernel] if kernel else [])]
    found = {"disk image": folder.glob(f"disk-{name}*"), "boot files": iter(boot)}
    if levels.SNAPSHOT in level:
        found["snapshot"] = folder.glob(f"snapshot-{name}*")
    if levels.DISTRO in level:
        found["system disk"] = iter([tools.need("distro").path])
    return {part: size(below(places)) for part, places in found.items()}


def of_instances(runs: Sequence[Run]) -> Size:
    """What all of these have of their own: folders, and files without a name."""
    root = paths.root()
    folders = [root / "instances" / run.id for run in runs]
    device = os.stat(root).st_dev
    open_files = (one for run in runs for one in nameless(engine.pids(run), device))
    return size([*below(folders), *open_files])


def device_of(place: Path) -> str:
    """The whole block device that a place's file system is on; empty if it is on none.

    Source: sysfs(5); the kernel's sysfs-rules.rst: a partition is a folder in that of its disk.
    """
    number = os.stat(place).st_dev
    found = Path(f"/sys/dev/block/{os.major(number)}:{os.minor(number)}").resolve()
    if (found / "partition").exists():
        found = found.parent
    device = f"/dev/{found.name}"
    return device if (found / "queue").is_dir() and os.path.exists(device) else ""
