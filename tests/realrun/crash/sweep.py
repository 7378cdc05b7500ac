"""Every operation, cut at every change it makes: `python -m tests.realrun.crash.sweep`.

    python -m tests.realrun.crash.sweep [--errors] [--every N] [OPERATION ...]

Kills, or with --errors lets calls fail; with --every N only each Nth case. Prints what is wrong,
and ends with 1 if anything is. Everything happens in a ROOT of its own.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from realrun import building
from realrun import cli as engine_cli
from realrun.guest import tools
from realrun.image import Store
from realrun.image.base import make_base_busybox
from realrun.linux import cgroups
from realrun.runtime.client import Spawner
from tests.realrun.crash import calls
from tests.realrun.crash.calls import Call, Cut
from tests.realrun.crash.operations import OPERATIONS, Ground, Operation, outside, remove_all
from tests.realrun.stage import PROJECT, cli, everything_left, until
from tests.realrun.trees import snapshot


class Wrong(AssertionError):
    """What a cut has left, or what cannot be done after it."""


def words_of(operation: Operation, ground: Ground) -> list[str]:
    return [word.replace("OUTSIDE", str(ground.outside)) for word in operation.words]


def realrun(*words: str) -> Cut:
    """`realrun WORDS` in this process."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = engine_cli.main(list(words))
    return Cut(code, out.getvalue(), err.getvalue())


def state_of(ground: Ground) -> dict[str, object]:
    """All that is kept, but for what time and caches change."""
    found = {}
    for name in ("image", "layers", "containers", "volumes"):
        for path, what in snapshot(ground.root / name, times=False).items():
            found[f"{name}/{path}"] = what
    return found


def check(name: str, operation: Operation, ground: Ground, cut: Cut) -> None:
    """After a cut: one prune, then it is done or can be asked for again; nothing is left."""
    more = [line for line in cut.err.splitlines()[1:] if not line.startswith("    ")]
    untold = 'print(f"realrun: {' in cut.err  # the errors' own output failed
    if not untold and ("Traceback" in cut.err or more):  # a build shows its lines, further in
        raise Wrong(f"more than a line: {cut.err}")
    pruned = realrun("prune")
    if pruned.code or pruned.err:
        raise Wrong(f"prune: {pruned}")
    intact(ground)
    if not operation.done(ground):
        again = redo(operation, ground)
        if again.code:
            raise Wrong(f"asked again: {again}; cut: {cut}")
        until(lambda: operation.done(ground), f"{name} is done")
    remove_all(ground)
    until(lambda: realrun("prune").code == 0 and not left(ground), "nothing is left")


def redo(operation: Operation, ground: Ground) -> Cut:
    """Ask again. A container that was made and did not run to its end is removed before."""
    words = words_of(operation, ground)
    if words[0] in ("run", "create") and ground.status():
        removed = realrun("rm", "-f", "cc")
        if removed.code:
            return removed
    done = cli(*words)
    return Cut(done.returncode, done.stdout, done.stderr)


def intact(ground: Ground) -> None:
    """What there is is whole: every image's blobs and layers, every container, every volume."""
    store = Store(ground.root)
    for image in store.images():
        for layer in image.stored:
            blob = store.layout.blob(layer.digest)
            if not blob.exists() or blob.stat().st_size != layer.size:
                raise Wrong(f"{image.reference}: {blob} is not whole")
    for container in ground.registry.all():
        ground.registry.state(container)
        if ground.registry.find(container.name).id != container.id:
            raise Wrong(f"the name {container.name} is another container's")


def left(ground: Ground) -> list[str]:
    """What is nobody's."""
    groups = [
        f"group {folder}/{name}"
        for tree in dict.fromkeys(cgroups.detect().trees.values())
        for folder in [f"{tree}/{cgroups.PARENT}"]
        if os.path.isdir(folder)
        for name in os.listdir(folder)
        if name in SEEN
    ]
    return everything_left(ground.root) + groups


SEEN: set[str] = set()  # ids of containers that there have been


def one(name: str, ground: Ground, call: Call, error: str = "") -> None:
    """One cut, and a look at what it did."""
    operation = OPERATIONS[name]
    before = state_of(ground)
    operation.prepare(ground)
    SEEN.update(ground.registry.ids())
    words = words_of(operation, ground)
    cut = calls.failed(words, call, error) if error else calls.killed(words, call)
    SEEN.update(ground.registry.ids())
    check(name, operation, ground, cut)
    after = state_of(ground)
    if changed := {path for path in before | after if before.get(path) != after.get(path)}:
        raise Wrong(f"changed for good: {sorted(changed)}; cut: {cut}")


def cases(name: str, ground: Ground, errors: bool) -> list[tuple[Call, str]]:
    """Where to cut, from a good run."""
    operation = OPERATIONS[name]
    operation.prepare(ground)
    found = calls.changes(words_of(operation, ground), ground.outside, errors)
    until(lambda: operation.done(ground), name)
    remove_all(ground)
    realrun("prune")
    if not errors:
        return [(call, "") for call in found]
    return [(call, error) for call in found for error in calls.errors_of(call)]


def swept(name: str, ground: Ground, chosen: Sequence[tuple[Call, str]]) -> Iterator[str]:
    """What is wrong with an operation, case by case."""
    for call, error in chosen:
        try:
            one(name, ground, call, error)
        except Exception as wrong:
            yield f"{name}, {call} {error}: {wrong!r}"
            SEEN.clear()
            remove_all(ground)
            realrun("prune")


@contextlib.contextmanager
def own_ground(setenv: Callable[[str, str], object]) -> Iterator[Ground]:
    """A ROOT of its own, with the two images that everything begins with, in use."""
    busybox = tools.need("busybox").path
    folder = Path(tempfile.mkdtemp(prefix="realrun-sweep-"))
    try:
        ground = Ground(folder / "root", folder / "outside")
        setenv("REALRUN_ROOT", str(ground.root))
        outside(ground.outside, folder / "elsewhere")
        make_base_busybox(Store(), busybox)
        with Spawner() as starter:
            building.build(PROJECT / "examples/hello", ["hello"], starter)
        ground.make("true")  # for the folders that stay
        remove_all(ground)
        yield ground
    finally:
        shutil.rmtree(folder)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--errors", action="store_true")
    parser.add_argument("--every", type=int, default=1)
    parser.add_argument("operations", nargs="*", default=list(OPERATIONS))
    args = parser.parse_args()
    wrong = 0
    with own_ground(os.environ.__setitem__) as ground:
        for name in args.operations:
            chosen = cases(name, ground, args.errors)[:: args.every]
            print(f"{name}: {len(chosen)} cases", flush=True)
            for line in swept(name, ground, chosen):
                print(f"  {line}", flush=True)
                wrong += 1
    print(f"{wrong} wrong")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
