"""disk: what an image and its instances take - shared once, or by each - and how it grows.

Every instance gets an image of its own with a file of 16 MiB on top of the one that is measured, so
that there is something to change, and layers that two images share.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from functools import partial

from realrun.engine import GUESTS
from realrun.image import Image, Store
from realrun.image import config as configs
from realrun.image.layers import pack
from realrun.measure import diskuse, readable
from realrun.measure.diskuse import Size
from realrun.measure.experiment import Arm, Experiment, Wish
from realrun.measure.rows import DiskRow, Row
from realrun.measure.session import Session, Way
from realrun.runtime.run import Run

NAME = "realrun-disk:latest"
FILE, FILE_MIB, WRITTEN_MIB = "changed", 16, 8
N, GUEST_N = (1, 2, 4), (1, 2)
STAY = "echo ready; exec sleep 2147483647"
DO = {
    "started": "",
    "wrote 8 MiB": f"dd if=/dev/urandom of=/written bs=1M count={WRITTEN_MIB} 2>/dev/null && ",
    "changed 1 byte": f"printf x | dd of=/{FILE} bs=1 seek=5000000 conv=notrunc 2>/dev/null && ",
}


def image_of(base: Image) -> Image:
    """`base` with one more layer: a file of 16 MiB that no compression makes smaller."""
    store = Store()
    with store.workspace("disk") as scratch:
        (tree := scratch / "tree").mkdir(mode=0o755)
        (tree / FILE).write_bytes(random.Random(1).randbytes(FILE_MIB << 20))
        layer = pack(tree, scratch / "layer", latest=0)
        created = configs.timestamp(0)
        document = configs.make(
            config=base.config,
            diff_ids=[*base.diff_ids, layer.diff_id],
            history=[*base.history, {"created": created, "created_by": "a file to be changed"}],
            created=created,
        )
        return store.add(document, [*base.stored, layer], NAME)


def command(state: str) -> tuple[str, ...]:
    """What an instance does to its disk before it says that it is ready."""
    sync = "sync && " if DO[state] else ""
    return "/bin/sh", "-c", f"{DO[state]}{sync}{STAY}"


def parts(way: Way, images: Sequence[Image], runs: Sequence[Run]) -> Iterator[tuple[str, Size]]:
    """What there is of it on the disk: of the image, of its guests, and of the instances."""
    yield from diskuse.of_images(images[:1]).items()
    both = diskuse.of_images(images)
    yield from ((f"{name} of both images", found) for name, found in both.items())
    if way.isolation in GUESTS:
        yield from diskuse.of_guest(images[-1], *way).items()
    yield "instances", diskuse.of_instances(runs)


def trial(
    session: Session, images: Sequence[Image], way: Way, n: int, state: str, _: int
) -> list[Row]:
    """`n` instances that have all done the same to their disks, and wait."""
    runs, _ = session.crowd(way, n, image=images[-1], words=command(state))
    try:
        identity = session.identity(runs[0])
        return [
            DiskRow(*identity, n, state, part, *map(rounded, found))
            for part, found in parts(way, images, runs)
        ]
    finally:
        session.disperse(runs)


def rounded(value: float) -> float:
    """To the byte."""
    return round(value, 6)


def arms(session: Session, wish: Wish) -> list[Arm]:
    """Every way, with each number of instances, in each state."""
    images = [Store().resolve(session.image.digest)]
    images.append(image_of(images[0]))
    found = []
    for way in session.ways:
        guest = way.isolation in GUESTS
        for n in (wish.guest_n or GUEST_N) if guest else (wish.n or N):
            for state in DO:
                work = partial(trial, session, images, way, n, state)
                cost_s = 2 * session.cost_s(way, n)
                found.append(Arm(f"{n} x {way}, {state}", way, work, cost_s=cost_s))
    return found


def own_mib(rows: Sequence[Row]) -> float:
    """What the instances have of their own."""
    wanted = (r for r in rows if isinstance(r, DiskRow) and r.part == "instances")
    return next(wanted).allocated_mib


DISK = Experiment(
    "disk", "image, layers and copy on write", ("disk",), arms, own_mib, "MiB",
    share=1.0, blocks=(1, 3), warm_up=False, tell=readable.disk,
)  # fmt: skip
