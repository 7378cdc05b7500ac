"""build: what building costs, beside its peers: by turns, in an order that a seed gives.

Ten instructions are built anew and once more from the cache, by us and by both builders of a Docker
daemon of our own; beside them Python starts and does nothing. Then a layer of many MB is built,
saved and loaded, while `tar` piped through `sha256sum` reads the same files.

Every turn is a process of its own, and what was written before it is on the disk when it begins.
Our modules are compiled, as those of an installed package are. The first turn of each kind is
marked and left out of the statistics.
"""

from __future__ import annotations

import os
import random
import shlex
import shutil
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from realrun import paths
from realrun.errors import RealRunError
from realrun.files.remove import remove_tree
from realrun.files.workspace import workspace
from realrun.guest import tools
from realrun.image import Store
from realrun.image.base import make_base_busybox
from realrun.image.save import save
from realrun.measure import blocks, docker
from realrun.measure.environment import machine_id
from realrun.measure.rows import BuildRow
from realrun.measure.session import Tick
from realrun.measure.timing import Taken, timed

RUNS, LAYER_RUNS = 10, 5
SIZE_MIB, PARTS = 500, 10
US = "import sys; from realrun.cli import main; sys.exit(main())"
REALRUN, PYTHON, HASH = "realrun", "python", "tar | sha256sum"
BUILDERS = {"docker, BuildKit": True, "docker, classic": False}
DOCKERFILE = """\
FROM busybox
ARG COURSE=containers
ENV APP=/srv/app MODE=class
WORKDIR /srv/app
COPY words.txt ./
COPY src ./src
RUN sort words.txt > sorted.txt
RUN mkdir out && cp src/*.txt out/ && echo $COURSE > out/course
LABEL purpose="a benchmark"
CMD ["cat", "out/course"]
"""
Turns = dict[tuple[str, str], Callable[[], Taken]]  # (what, who) -> do it


@dataclass
class Yard:
    """Where the turns take place: a folder below ROOT/tmp, with a store of its own."""

    folder: Path
    rows: list[BuildRow] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    skipped: dict[str, str] = field(default_factory=dict)
    versions: dict[str, str] = field(default_factory=dict)

    @property
    def store(self) -> Path:
        return self.folder / "store"

    def ours(self, *words: str, root: Path | None = None) -> Taken:
        """`realrun WORDS`, as its script calls it."""
        return timed([sys.executable, "-c", US, *words], self._env(root), self.folder)

    def python(self) -> Taken:
        """The same Python, doing nothing."""
        return timed([sys.executable, "-c", "pass"], self._env(None), self.folder)

    def elsewhere(self, *words: str) -> Taken:
        """The same with a store that is new, and gone afterwards."""
        root = self.folder / "elsewhere"
        try:
            return self.ours(*words, root=root)
        finally:
            remove_tree(root)

    def _env(self, root: Path | None) -> dict[str, str]:
        kept = {key: value for key, value in os.environ.items() if not key.startswith("PYTHON")}
        return kept | {
            "REALRUN_ROOT": str(root or self.store),
            "PYTHONPYCACHEPREFIX": str(self.folder / "compiled"),
        }

    def take_turns(self, turns: Turns, size_mib: int, runs: int, seed: int, tick: Tick) -> None:
        """Everybody once, then `runs` times each, mixed."""
        known = {f"{task} by {who}": (task, who) for task, who in turns}
        order = [blocks.order(dict.fromkeys(known, runs), seed, "build", one) for one in (0, 1)]
        counts = dict.fromkeys(known, 0)
        for place, (name, _) in enumerate([*order[0], *order[1]]):
            tick(name)
            os.sync()
            try:
                taken = turns[known[name]]()
            except RealRunError as error:
                self.failed.append(f"{name}: {error}")
                continue
            self.rows.append(row_of(*known[name], size_mib, counts[name], place, taken))
            counts[name] += 1


def row_of(task: str, who: str, size_mib: int, run: int, order: int, taken: Taken) -> BuildRow:
    """One turn; of what a daemon does the kernel tells its client nothing."""
    own = who in (REALRUN, PYTHON, HASH)
    isolation = "process" if who in (PYTHON, HASH) else "container"
    return BuildRow(
        machine_id(), isolation, "none", task, who, size_mib, run, int(run == 0), order,
        taken.duration_s, taken.cpu_s if own else None, taken.peak_mib if own else None,
    )  # fmt: skip


@contextmanager
def yard() -> Iterator[Yard]:
    with workspace(paths.root(), "bench") as folder:
        yield Yard(folder)


def builds(
    size_mib: int = SIZE_MIB,
    runs: int = RUNS,
    layer_runs: int = LAYER_RUNS,
    seed: int = 1,
    tick: Tick = lambda _: None,
) -> Yard:
    """Measure; the rows, what failed and what was skipped are in the yard that comes back."""
    with yard() as place:
        with ExitStack() as stack:
            turns = dockerfile_turns(place, stack)
            place.take_turns(turns, 0, runs, seed, tick)
        for size in sorted({max(1, size_mib // 5), size_mib}):
            place.take_turns(layer_turns(place, size), size, layer_runs, seed, tick)
            remove_tree(place.folder / f"files-{size}")
        return place


def dockerfile_turns(place: Yard, stack: ExitStack) -> Turns:
    """The Dockerfile, without a cache and with one, by all builders that are here."""
    context = place.folder / "context"
    (context / "src").mkdir(parents=True)
    (context / "Dockerfile").write_text(DOCKERFILE)
    (context / "words.txt").write_text("".join(f"word {k * 7919 % 1000}\n" for k in range(1000)))
    for number in range(10):
        (context / "src" / f"{number}.txt").write_text(f"file {number}\n" * 100)
    store = Store(place.store)
    make_base_busybox(store, tools.need("busybox").path)
    ours = partial(place.ours, "build", "-q", "--network=none", "-t", "app")
    found: Turns = {
        ("build", REALRUN): partial(ours, "--no-cache", str(context)),
        ("build again", REALRUN): partial(ours, str(context)),
        ("build again", PYTHON): place.python,
    }
    return found | docker_turns(place, store, context, stack)


def docker_turns(place: Yard, store: Store, context: Path, stack: ExitStack) -> Turns:
    """The same by Docker, on the same base image: it is loaded from our archive."""
    if why := docker.missing():
        place.skipped["docker"] = why
        return {}
    home = Path(stack.enter_context(TemporaryDirectory(prefix="realrun-")))
    try:
        daemon = stack.enter_context(docker.running(home, place.folder / "docker"))
        with open(place.folder / "base.tar", "w+b") as archive:
            save(store, ["busybox"], archive)
        daemon.call("load", "-i", str(place.folder / "base.tar"))
        version = daemon.call("version", "--format", "{{.Server.Version}}")
    except RealRunError as error:
        place.skipped["docker"] = str(error)
        return {}
    place.versions["docker"] = version.decode().strip()
    found: Turns = {}
    for who, buildkit in BUILDERS.items():
        words = [daemon.program, "build", "-q", "--network=none", "-t", "app"]
        call = partial(timed, env=daemon.env(buildkit), cwd=place.folder)
        found["build", who] = partial(call, [*words, "--no-cache", str(context)])
        found["build again", who] = partial(call, [*words, str(context)])
    return found


def layer_turns(place: Yard, size_mib: int) -> Turns:
    """A layer of that size, and the files that it is made of read by `tar`."""
    context, archive = place.folder / f"files-{size_mib}", place.folder / "layer.tar"
    (context / "data").mkdir(parents=True)
    (context / "Dockerfile").write_text("FROM scratch\nCOPY data /data\n")
    fill(context / "data", size_mib)
    root, written = place.folder / f"root-{size_mib}", place.folder / "written.tar"
    place.ours("build", "-q", "-t", "layer", str(context), root=root)
    place.ours("save", "-o", str(archive), "layer", root=root)

    def saved() -> Taken:
        try:
            return place.ours("save", "-o", str(written), "layer", root=root)
        finally:
            written.unlink(missing_ok=True)

    found: Turns = {
        ("layer built", REALRUN): partial(place.elsewhere, "build", "-q", str(context)),
        ("layer saved", REALRUN): saved,
        ("layer loaded", REALRUN): partial(place.elsewhere, "load", "-q", "-i", str(archive)),
    }
    if shutil.which("tar") and shutil.which("sha256sum"):
        line = f"tar -C {shlex.quote(str(context))} -cf - data | sha256sum"
        found["layer hashed", HASH] = partial(
            timed, ["sh", "-c", line], env=dict(os.environ), cwd=place.folder
        )
    else:
        place.skipped[HASH] = "tar or sha256sum is not here"
    return found


def fill(folder: Path, size_mib: int) -> None:
    """Files that no compression makes smaller, the same for every run of this size."""
    chance = random.Random(size_mib)
    for number, share in enumerate(shares(size_mib, PARTS)):
        with open(folder / f"{number}.bin", "wb") as out:
            for _ in range(share):
                out.write(chance.randbytes(1 << 20))


def shares(total: int, parts: int) -> Sequence[int]:
    """The total in parts that differ by one at most.

    >>> shares(12, 5)
    [3, 3, 2, 2, 2]
    """
    return [total // parts + (number < total % parts) for number in range(parts)]
