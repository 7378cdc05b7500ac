"""Both builders, ready: started once, for as long as the tests of this folder run."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from realrun.build import Runner, build
from realrun.building import Containers
from realrun.image import Image, Store
from realrun.image.base import PATH
from realrun.image.save import save
from realrun.image.streams import plain
from realrun.runtime.watch import Watch
from tests.peers import supplies
from tests.peers.cases import Case
from tests.peers.daemon import Daemon, running
from tests.peers.engines import Both, the_same_images
from tests.peers.flat import Files, flat, of_docker, settings
from tests.peers.images import IMAGES
from tests.realrun.conftest import busybox as busybox

SECRET = b"hush"
Built = tuple[Files, dict[str, Any]]


@dataclass
class Peers:
    """The two builders, with the same base and the same context."""

    daemon: Daemon
    store: Store
    runner: Runner
    folder: Path
    url: str
    made: dict[str, Path] = field(default_factory=dict)

    def image(self, name: str, text: str) -> Image:
        """What our builder makes of a Dockerfile, kept by a name."""
        dockerfile = self.folder / f"Dockerfile.{name}"
        dockerfile.write_text(text + "\n")
        return build(
            self.folder / "context",
            store=self.store,
            runner=self.runner,
            dockerfile=dockerfile,
            tags=[name],
        )

    def dockerfile(self, case: Case) -> Path:
        """The case as a file, with its .dockerignore beside it."""
        place = self.folder / "cases" / case.tag
        place.mkdir(parents=True, exist_ok=True)
        (place / "Dockerfile").write_text(case.text.replace("URL", self.url))
        if case.ignore is not None:
            (place / "Dockerfile.dockerignore").write_text(case.ignore)
        return place / "Dockerfile"

    def docker(self, case: Case) -> Built:
        secret = f"--secret=id=tok,src={self.folder / 'secret'}"
        self.daemon.build(
            self.folder / "context",
            self.dockerfile(case),
            case.tag,
            case.args,
            [*case.more, secret],
        )
        return of_docker(self.daemon.call("save", case.tag))

    def ours(self, case: Case) -> Built:
        image = build(
            self.folder / "context",
            store=self.store,
            runner=self.runner,
            dockerfile=self.dockerfile(case),
            build_args=case.args,
            target=case.target,
            secrets={"tok": SECRET},
        )
        blobs = [self.store.layout.blob(layer.digest).read_bytes() for layer in image.stored]
        return flat(blobs), settings({"config": dict(image.config), "author": image.author})


@pytest.fixture(scope="session")
def folder() -> Iterator[Path]:
    """A short path, since the socket of the daemon lies in it."""
    made = Path(tempfile.mkdtemp(prefix="peer-"))
    yield made
    shutil.rmtree(made, ignore_errors=True)


@contextmanager
def serving(folder: Path) -> Iterator[str]:
    """A server for the files of a folder, on the loopback device, in a process of its own."""
    command = [sys.executable, "-u", "-m", "http.server", "--bind", "127.0.0.1", "0"]
    pipes: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL, "text": True}
    with subprocess.Popen(command, cwd=folder, **pipes) as server:
        assert server.stdout is not None
        try:
            yield "http://127.0.0.1:" + server.stdout.readline().split("port ")[1].split()[0]
        finally:
            server.terminate()


@pytest.fixture(scope="session")
def peers(folder: Path, busybox: Path) -> Iterator[Peers]:
    for name in ("base", "docker"):
        (folder / name).mkdir()
    supplies.make_context(folder / "context")
    (folder / "secret").write_bytes(SECRET)
    layer, store = supplies.base_layer(folder / "base", busybox), Store(folder / "root")
    assert layer.blob is not None
    with open(layer.blob, "rb") as stored:
        source = plain(stored)
        data = b"".join(iter(lambda: source.read(1 << 20), b""))
    with running(folder / "docker") as daemon, pytest.MonkeyPatch.context() as patch:
        changes = [f"--change=ENV {PATH}", '--change=CMD ["sh"]']
        daemon.call("import", *changes, "-", "base:latest", data=data)
        patch.setenv("REALRUN_ROOT", str(folder / "root"))
        supplies.add_base(store, layer)
        with Watch() as starter, serving(folder / "context") as url:
            yield Peers(daemon, store, Containers(starter), folder, url)


@pytest.fixture(scope="session")
def both(peers: Peers, folder: Path) -> Iterator[Both]:
    """Both engines, with the same images."""
    place = folder / "verbs"
    place.mkdir()
    for name, text in IMAGES.items():
        peers.image(name, text)
    with open(place / "all.tar", "wb") as archive:
        save(peers.store, ["base", *IMAGES], archive)
    both = the_same_images(peers.daemon.address, place / "root", place, place / "all.tar")
    with both.pool:
        yield both
        both.pool.shutdown(cancel_futures=True)
