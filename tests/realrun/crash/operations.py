"""The operations that are cut short: how each is set up, and when it is done.

After a cut and a `prune`, an operation is either done, or as if it had never been asked for: then
asking again works, with the same names.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from realrun.containers import creating, keeper, pausing, record, signals
from realrun.containers.registry import Registry
from realrun.engine import Wishes
from realrun.errors import NoSuchContainer, NoSuchImage, NoSuchVolume
from realrun.image import Store
from realrun.linux import cgroups, freezer
from realrun.runtime import volumes
from tests.realrun.image.archives import saved
from tests.realrun.image.stores import add
from tests.realrun.trees import archive, member, write


class Ground(NamedTuple):
    """A ROOT, and a folder beside it for what comes from outside."""

    root: Path
    outside: Path

    @property
    def registry(self) -> Registry:
        return Registry(self.root)

    def make(self, *words: str, name: str = "cc") -> record.Container:
        """A container that has not run yet."""
        return creating.create(self.registry, "hello", Wishes(words=words), name)

    def run(self, *words: str, name: str = "cc") -> record.Container:
        """One that runs in the background."""
        made = self.make(*words, name=name)
        keeper.detach(self.registry, made)
        return made

    def status(self, name: str = "cc") -> str:
        """created, running, exited, or empty for none."""
        try:
            return self.registry.state(self.registry.find(name)).status
        except NoSuchContainer:
            return ""

    def is_paused(self, name: str = "cc") -> bool:
        return self.registry.state(self.registry.find(name)).paused

    def stands_still(self, name: str = "cc") -> bool:
        folder = freezer.folder_of(cgroups.detect(), self.registry.find(name).id)
        return os.path.isdir(folder) and freezer.is_frozen(cgroups.detect(), folder)

    def has_image(self, name: str) -> bool:
        """Whole: its layers can be mounted."""
        try:
            return all(layer.is_dir() for layer in Store(self.root).resolve(name).layers)
        except NoSuchImage:
            return False

    def has_volume(self, name: str = "vv") -> bool:
        try:
            return Path(volumes.find(self.root, name).mountpoint).is_dir()
        except NoSuchVolume:
            return False


class Operation(NamedTuple):
    """`words` are asked of `realrun`; `prepare` comes before, `done` tells whether it is done."""

    words: Sequence[str]
    done: Callable[[Ground], bool]
    prepare: Callable[[Ground], object] = lambda ground: None
    again: Sequence[str] = ()  # if that is not simply the same


def built(ground: Ground) -> bool:
    return ground.has_image("made")


def written(ground: Ground) -> None:
    """A container that has ended, with a file of its own."""
    made = ground.run("sh", "-c", "echo mine > /mine")
    ground.registry.wait(made)


def has_copy(ground: Ground) -> bool:
    upper = ground.registry.path(ground.registry.find("cc").id) / "upper"
    return all((upper / f"copy/{n}").is_file() for n in range(3))


def copied_out(ground: Ground) -> bool:
    return (ground.outside / "out/mine").is_file()


DOCKERFILE = "FROM hello\nCOPY file /\nRUN echo 2 > /made\nWORKDIR /work\n"
FILLED = ["hello.sh"]  # what the image has where the volume is
SLEEP = ("sleep", "1000")
OPERATIONS = {
    "create": Operation(["create", "--name", "cc", "hello"], lambda g: g.status() == "created"),
    "create with a volume": Operation(
        ["create", "--name", "cc", "-v", "vv:/app", "hello"],
        lambda g: g.status() == "created" and g.has_volume(),
    ),
    "run": Operation(
        ["run", "--name", "cc", "-v", "vv:/app", "hello", "true"],
        lambda g: g.status() == "exited" and os.listdir(g.root / "volumes/vv/_data") == FILLED,
    ),
    "run --rm": Operation(["run", "--rm", "--name", "cc", "hello"], lambda g: g.status() == ""),
    "start and end": Operation(
        ["start", "cc"], lambda g: g.status() == "exited", lambda g: g.make("true")
    ),
    "stop": Operation(["stop", "-t", "0", "cc"], lambda g: g.status() == "exited",
                      lambda g: g.run(*SLEEP)),
    "kill": Operation(["kill", "cc"], lambda g: g.status() == "exited", lambda g: g.run(*SLEEP)),
    "pause": Operation(["pause", "cc"], lambda g: g.is_paused() and g.stands_still(),
                       lambda g: g.run(*SLEEP)),
    "unpause": Operation(["unpause", "cc"], lambda g: not g.is_paused() and not g.stands_still(),
                         lambda g: pausing.pause(g.registry, g.run(*SLEEP))),
    "rm": Operation(["rm", "cc"], lambda g: g.status() == "", lambda g: g.make()),
    "rm -f -v": Operation(["rm", "-f", "-v", "cc"], lambda g: g.status() == "",
                          lambda g: g.run(*SLEEP)),
    "cp in": Operation(["cp", "OUTSIDE/in/.", "cc:/copy"], has_copy, lambda g: g.make()),
    "cp out": Operation(["cp", "cc:/mine", "OUTSIDE/out/mine"], copied_out, written),
    "exec": Operation(["exec", "cc", "true"], lambda g: g.status() == "running",
                      lambda g: g.run(*SLEEP)),
    "commit": Operation(["commit", "cc", "made"], built, written),
    "commit a running one": Operation(["commit", "cc", "made"], built,
                                      lambda g: g.run("sh", "-c", "echo 1 > /a; sleep 1000")),
    "build": Operation(["build", "-q", "-t", "made", "OUTSIDE/context"], built),
    "load": Operation(["load", "-q", "-i", "OUTSIDE/archive.tar"], lambda g: g.has_image("other")),
    "import": Operation(["import", "OUTSIDE/files.tar", "made"], built),
    "tag": Operation(["tag", "hello", "made"], built),
    "rmi": Operation(["rmi", "made"], lambda g: not g.has_image("made"),
                     lambda g: add(Store(g.root), "made", {"a": "1"}, {"b": "2"})),
    "volume create": Operation(["volume", "create", "vv"], Ground.has_volume),
    "volume rm": Operation(["volume", "rm", "vv"], lambda g: not g.has_volume(),
                           lambda g: volumes.create(g.root, "vv")),
    "prune": Operation(["prune"], lambda g: True, lambda g: litter(g)),
}  # fmt: skip


def litter(ground: Ground) -> None:
    """What killed commands leave: a half-made thing, an instance, a name, an unnamed image."""
    (ground.root / "tmp").mkdir(exist_ok=True)
    (ground.root / "tmp/build-1-x/tree").mkdir(parents=True)
    (ground.root / "instances" / ("0" * 64) / "upper").mkdir(parents=True)
    (ground.root / "containers/names").mkdir(parents=True, exist_ok=True)
    (ground.root / "containers/names/nobody").symlink_to("f" * 64)


def remove_all(ground: Ground) -> None:
    """The ground as it was, but for the image `hello`."""
    registry = ground.registry
    for container in registry.all():
        signals.remove(registry, container, force=True, with_volumes=True)
    for volume in volumes.every(ground.root):
        volumes.remove(ground.root, volume.name)
    for name in ("made", "other"):
        if ground.has_image(name):
            Store(ground.root).remove(name, force=True)
    shutil.rmtree(ground.outside / "out", ignore_errors=True)
    (ground.outside / "out").mkdir()


def outside(folder: Path, elsewhere: Path) -> None:
    """What commands are given: a context, files, archives; `elsewhere`: room for another store."""
    write(folder / "in", {f"{n}": "x" * 1000 for n in range(3)})
    write(folder / "context", {"Dockerfile": DOCKERFILE, "file": "1"})
    add(store := Store(elsewhere), "other", {"a": "1"}, {"b/c": "2"})
    (folder / "archive.tar").write_bytes(saved(store, "other"))
    (folder / "files.tar").write_bytes(archive([member("a", data=b"1"), member("b", data=b"2")]))
    (folder / "out").mkdir()
