"""Starting with a cold page cache: what a start reads, and how it is put out of memory.

Nobody else's files are touched: only those of the image and of the machine that runs it are put
out, one by one, where dropping all caches would slow down everybody on this machine. Names and
inodes stay known. Whether it worked is looked at, never believed.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from realrun import engine
from realrun.guest import backends, begin
from realrun.linux import pagecache
from realrun.measure.session import Session, Way

COLD, ONCE, HOT, UNKNOWN = "cold", "once", "hot", "unknown"
COLD_RATIO = 0.01  # of the pages may still be there


def make_cold(files: Sequence[Path]) -> str:
    """Put them out; `cold` if they are out, `unknown` if somebody else holds them in memory."""
    pagecache.evict(files)
    return COLD if pagecache.cached_ratio(files) <= COLD_RATIO else UNKNOWN


def read_by(session: Session, way: Way) -> list[Path]:
    """The files that a start reads: the image's; of a guest those of its machine, too."""
    if way.isolation not in engine.GUESTS:
        return list(files(map(Path, session.image.layers)))
    wishes = engine.Wishes(isolation=way.isolation, level=way.level)
    spec = engine.spec_for(session.image, wishes)
    machine = begin.machine_for(spec, session.accelerator(way))
    seen = [*backends.shown(way.isolation, machine), machine.initrd, machine.saved]
    return list(files({Path(path) for path in seen if path}))


def files(places: Iterable[Path]) -> Iterator[Path]:
    """All regular files in and below these places."""
    for place in places:
        if place.is_file():
            yield place
        for folder, _, names in os.walk(place):
            paths = (Path(folder, name) for name in names)
            yield from (path for path in paths if path.is_file() and not path.is_symlink())
