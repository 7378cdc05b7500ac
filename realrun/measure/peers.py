"""peers: who else starts a program in a sandbox, and what it costs, by turns in one run.

All start the same program from the same files. Some are asked through a process that holds them
ready, others are commands, the client's own start included, for that is what their users wait for.
Whoever is not here is said to be missing.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from realrun import engine
from realrun.errors import Missing, RealRunError
from realrun.files.workspace import workspace
from realrun.guest import tools
from realrun.image import Image, Store
from realrun.image.base import make_base_busybox
from realrun.image.save import save
from realrun.linux import seccomp_profile
from realrun.linux.capabilities import DOCKER_DEFAULT
from realrun.measure import docker, floor
from realrun.measure.builds import US
from realrun.measure.caller import IMAGE, Answer, Caller
from realrun.oci import template
from realrun.paths import root

PROCESS, CONTAINER, LARGE = "process", "container", "container, large caller"
COMMAND, FLOOR = "realrun run", "floor"
LARGE_MIB, LARGE_THREADS = 2048, 50
Play = Callable[[Sequence[str]], Answer]  # run these words to their end


@dataclass
class Place:
    """Where the turns are taken, and by whom."""

    folder: Path
    stack: ExitStack
    small: Caller = field(init=False)
    plays: dict[str, Play] = field(default_factory=dict)
    skipped: dict[str, str] = field(default_factory=dict)
    versions: dict[str, str] = field(default_factory=dict)

    @property
    def store(self) -> Path:
        return self.folder / "store"

    @property
    def image(self) -> Image:
        return Store(self.store).resolve(IMAGE)

    def env(self) -> dict[str, str]:
        """For our own processes: their store, and their modules compiled as an installed one's."""
        kept = {key: value for key, value in os.environ.items() if not key.startswith("PYTHON")}
        compiled = {"PYTHONPYCACHEPREFIX": str(self.folder / "compiled")}
        return kept | compiled | {"REALRUN_ROOT": str(self.store)}

    def add(self, who: str, make: Callable[[], Play]) -> None:
        """Somebody who can do it, or why he cannot; the first try is not counted."""
        try:
            play = make()
            play(["/bin/echo", "ready"])
        except RealRunError as error:
            self.skipped[who] = str(error)
        else:
            self.plays[who] = play

    def command(self, *words: str, env: Mapping[str, str] | None = None) -> Play:
        """A command that takes the program's words at its end."""
        if shutil.which(words[0]) is None:
            raise Missing(f"there is no {words[0]} here")
        return lambda more: called([*words, *more], env or os.environ, self.folder)


@contextmanager
def place(wanted: Sequence[str] = ()) -> Iterator[Place]:
    """All who are here, ready to play; `wanted` are those to look for, by itself all."""
    with workspace(root(), "bench") as folder, ExitStack() as stack:
        found = Place(folder, stack)
        make_base_busybox(Store(found.store), tools.need("busybox").path)
        found.small = stack.enter_context(Caller(found.env()))
        makers = known(found)
        for who in wanted or makers:
            found.add(who, makers[who])
        yield found


def known(found: Place) -> dict[str, Callable[[], Play]]:
    """All peers, and how to find them."""
    ours = (sys.executable, "-c", US, "run", "--rm", IMAGE)
    return {
        PROCESS: lambda: asked(found.small, "process"),
        CONTAINER: lambda: asked(found.small, "container"),
        LARGE: partial(large, found),
        COMMAND: partial(found.command, *ours, env=found.env()),
        FLOOR: partial(the_floor, found),
        "runc": partial(oci, found, "runc"),
        "crun": partial(oci, found, "crun"),
        "docker run": partial(by_docker, found),
        "podman run": partial(by_podman, found),
        "bwrap": partial(by_bwrap, found),
    }


def called(command: Sequence[str], env: Mapping[str, str], cwd: Path) -> Answer:
    """A command to its end: when its first output arrived, and when it was over, s."""
    with tempfile.TemporaryFile() as said:
        asked_ns = time.monotonic_ns()
        with subprocess.Popen(
            command, env=dict(env), cwd=cwd,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=said,
        ) as process:  # fmt: skip
            assert process.stdout
            first = os.read(process.stdout.fileno(), 1 << 16)
            heard_ns = time.monotonic_ns()
            process.stdout.read()
            code = process.wait()
        ended_ns = time.monotonic_ns()
        if code or not first:
            said.seek(0)
            why = " ".join(said.read().decode("utf-8", "replace").split())[-300:]
            raise RealRunError(f"{os.path.basename(command[0])}: exit code {code}: {why}")
    return {"start_s": (heard_ns - asked_ns) / 1e9, "life_s": (ended_ns - asked_ns) / 1e9}


# --- who plays ------------------------------------------------------------------------------------


def asked(caller: Caller, isolation: str) -> Play:
    """The Python interface."""
    return lambda words: caller.ask("one", isolation=isolation, words=list(words))


def large(found: Place) -> Play:
    """The same, asked by a process that holds much memory and many threads."""
    caller = Caller(found.env(), LARGE_MIB, LARGE_THREADS)
    return asked(found.stack.enter_context(caller), "container")


def score_for(found: Place, words: Sequence[str], name: str) -> Path:
    """The score of a container of ours that runs these words."""
    spec = engine.spec_for(found.image, engine.Wishes(words=tuple(words)))
    return floor.scored(spec, found.store, found.folder / name)


def the_floor(found: Place) -> Play:
    """The kernel alone; its own clock runs from its first request on."""
    program = floor.compiled(found.folder)

    def play(words: Sequence[str]) -> Answer:
        score = score_for(found, words, "score")
        reader, writer = os.pipe2(os.O_CLOEXEC)
        with (
            open(reader, "rb", buffering=0) as out,
            floor.playing(program, [score], 1, writer) as (_, result),
        ):
            os.close(writer)
            first, heard_ns = out.read(1 << 16), time.monotonic_ns()
            (stamps,) = result()
        if not first:
            raise RealRunError("floor: the program has printed nothing")
        begin_ns = stamps[floor.BEGIN]
        return {
            "exec_s": (stamps[floor.RUNNING] - begin_ns) / 1e9,
            "start_s": (min(heard_ns, stamps[floor.EXIT]) - begin_ns) / 1e9,  # or heard late
            "life_s": (stamps[floor.REMOVED] - begin_ns) / 1e9,
            "steps": floor.steps(stamps),
        }

    return play


def oci(found: Place, name: str) -> Play:
    """An OCI runtime; its bundle is as strict as our container."""
    program = shutil.which(name)
    if program is None:
        raise Missing(f"there is no {name} here; on Debian and Ubuntu: apt install {name}")
    bundle = found.folder / name
    rootfs(found, bundle / "rootfs")
    found.versions[name] = version_of(program, "--version")

    def play(words: Sequence[str]) -> Answer:
        (bundle / "config.json").write_text(json.dumps(bundle_config(words)))
        once = f"bench-{os.getpid()}-{os.urandom(4).hex()}"
        return called([program, "run", once], os.environ, bundle)

    return play


def bundle_config(words: Sequence[str]) -> dict[str, Any]:
    """Docker's default filter with the rest; privileges can still be had, as in Docker."""
    document = template.config(words) | {"ociVersion": "1.0.2"}
    profile = seccomp_profile.profile(os.uname().machine, DOCKER_DEFAULT)
    rules = [rule | {"names": sorted(rule["names"])} for rule in profile["syscalls"]]
    document["linux"]["seccomp"] = profile | {"syscalls": rules}
    document["process"]["noNewPrivileges"] = False
    return document


def rootfs(found: Place, target: Path) -> None:
    """The image's files, unpacked by themselves."""
    target.parent.mkdir(exist_ok=True)
    (layer,) = found.image.layers
    shutil.copytree(layer, target, symlinks=True)


def by_docker(found: Place) -> Play:
    """`docker run`, with a daemon of our own."""
    if why := docker.missing():
        raise Missing(why)
    home = Path(found.stack.enter_context(tempfile.TemporaryDirectory(prefix="realrun-")))
    daemon = found.stack.enter_context(docker.running(home, found.folder / "docker"))
    daemon.call("load", "-i", str(archive(found)))
    version = daemon.call("version", "--format", "{{.Server.Version}}")
    found.versions["docker"] = version.decode().strip()
    return found.command(daemon.program, "run", "--rm", "--network=none", IMAGE, env=daemon.env())


def by_podman(found: Place) -> Play:
    """`podman run` as root, with a store of its own and the runtime that works on every cgroup."""
    if shutil.which("podman") is None:
        raise Missing("there is no podman here; on Debian and Ubuntu: apt install podman")
    folder = Path(found.stack.enter_context(tempfile.TemporaryDirectory(prefix="realrun-")))
    words = ["podman", f"--root={found.folder}/podman", f"--runroot={folder}",
             "--storage-driver=overlay", "--cgroup-manager=cgroupfs", "--events-backend=none",
             *(["--runtime=runc"] if shutil.which("runc") else [])]  # fmt: skip
    done = subprocess.run([*words, "load", "-i", str(archive(found))], capture_output=True)
    if done.returncode:
        raise RealRunError(f"podman: {done.stderr.decode('utf-8', 'replace').strip()[-300:]}")
    found.versions["podman"] = version_of("podman", "--version")
    limits = ["--ulimit=nofile=1024:1024", "--ulimit=nproc=1000:1000"]  # its own may be refused
    return found.command(*words, "run", "--rm", "--network=none", *limits, f"localhost/{IMAGE}")


def by_bwrap(found: Place) -> Play:
    """Bubblewrap as its manual page begins: all namespaces, no filter, no control group."""
    rootfs(found, found.folder / "bwrap" / "rootfs")
    play = found.command(
        "bwrap",
        "--unshare-all",
        "--die-with-parent",
        "--bind",
        f"{found.folder}/bwrap/rootfs",
        "/",
        "--proc",
        "/proc",
        "--dev",
        "/dev",
    )
    found.versions["bwrap"] = version_of("bwrap", "--version")  # fmt: skip
    return play


def archive(found: Place) -> Path:
    """The image as `docker save` writes it."""
    path = found.folder / "image.tar"
    if not path.exists():
        with open(path, "w+b") as out:
            save(Store(found.store), [IMAGE], out)
    return path


def version_of(*command: str) -> str:
    """The first line of what it says of itself."""
    done = subprocess.run(command, capture_output=True, text=True)
    return (done.stdout.splitlines() or [""])[0]


def order_of(names: Sequence[str], rounds: int, seed: int) -> list[str]:
    """Everybody once a round, each round in an order of its own."""
    chance = random.Random(seed)
    return [name for _ in range(rounds) for name in chance.sample(list(names), len(names))]
