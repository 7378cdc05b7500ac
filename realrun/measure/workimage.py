"""The image `work`: this machine's own Python with what measuring runs inside, and a real server.

Whoever runs `realrun` has a Python, so nothing has to be compiled or fetched: its program, the
modules that `inside` loads, and the libraries that they name, taken from where they are. They lie
together below /work, which is also where they can be run from natively: the same files everywhere.
redis-server comes from the distribution's packages where they can be had.

Source: ld.so(8), `--list` and LD_LIBRARY_PATH; the Python documentation, "The
initialization of the sys.path module search path", for how a Python finds its modules.
"""

from __future__ import annotations

import os
import py_compile
import re
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from realrun import paths
from realrun.errors import Missing, NoSuchImage
from realrun.files.workspace import workspace
from realrun.guest import fetch, tools
from realrun.image import Image, Store
from realrun.image import config as configs
from realrun.image.base import make_base_busybox
from realrun.image.layers import pack

NAME = "realrun-work:latest"
PLACE = "work"
INSIDE = Path(__file__).with_name("inside")
PROGRAM = "from inside.main import main; main()"
COMMAND = ("bin/python3", "-I", "-S", "-c", PROGRAM)
LOADED = """
import sys
sys.path.insert(0, sys.argv[1])
import encodings.idna
from inside import main
for name, module in list(sys.modules.items()):
    file = getattr(module, "__file__", None) or ""
    package, _, last = name.rpartition(".")
    parent = sys.modules.get(package)
    print(file)
    if hasattr(parent, "__path__") and not file.endswith(f"/{last}.py"):
        print(f"{parent.__path__[0]}/{last}.py")  # another module stands in for it
"""
LOADER = re.compile(rb"/[^\0]*/ld[^\0/]*\.so[^\0/]*")
LIBRARY = re.compile(r"^\s*(\S+) => (/.*) \(0x", re.M)
PYTHON = f"python{sys.version_info.major}.{sys.version_info.minor}"
# Without a network nobody shall wait for what is not needed.
SOON = ("-o", "Acquire::Retries=0", "-o", "Acquire::http::Timeout=10",
        "-o", "Acquire::https::Timeout=10")  # fmt: skip
Tell = Callable[[str], None]


def make(store: Store, tell: Tell = lambda _: None) -> Image:
    """Make the image anew, on top of `busybox`; the same Python gives the same image.

    Raises Missing without a busybox, or where this Python cannot be taken along.
    """
    base = busybox(store)
    with store.workspace("work") as scratch:
        tree = scratch / "tree"
        place = tree / PLACE
        for folder in (place / "bin", place / "lib" / PYTHON / "lib-dynload"):
            folder.mkdir(parents=True)
        for path in [tree, *tree.rglob("*")]:
            path.chmod(0o755)
        fill(tree, base.layers[0])
        if server := redis(tell):
            libraries = tools.Tool(server, server.parents[2]).environment
            put_program(tree, server.resolve(), "redis-server", libraries)
        layer = pack(tree, scratch / "layer", latest=0)
        created = configs.timestamp(0)
        step = {"created": created, "created_by": "this machine's Python, and what it loads"}
        document = configs.make(
            config={**base.config, "Cmd": [f"/{PLACE}/{COMMAND[0]}", *COMMAND[1:]],
                    "Env": [*base.config["Env"], f"LD_LIBRARY_PATH=/{PLACE}/lib"]},
            diff_ids=[*base.diff_ids, layer.diff_id],
            history=[*base.history, step],
            created=created,
        )  # fmt: skip
        return store.add(document, [*base.stored, layer], NAME)


def native(image: Image) -> tuple[list[str], dict[str, str]]:
    """Command and environment that run the image's own files on this machine, as they are."""
    place = image.layers[-1] / PLACE
    words = [str(place / COMMAND[0]), *COMMAND[1:]]
    return words, {"LD_LIBRARY_PATH": str(place / "lib"), "PATH": os.defpath}


def busybox(store: Store) -> Image:
    """The image to begin with, made if there is none yet."""
    try:
        return store.resolve("busybox")
    except NoSuchImage:
        return make_base_busybox(store, tools.need("busybox").path)


def fill(tree: Path, below: Path) -> None:
    """Python, its modules, and from the layer below a small program to be started."""
    program = Path(getattr(sys, "_base_executable", sys.executable)).resolve()
    loader = put_program(tree, program, "python3", {})
    library = sysconfig.get_path("stdlib")
    for path in modules(program):
        relative = os.path.relpath(path, library)
        if relative.startswith(".."):
            relative = f"lib-dynload/{path.name}"
        target = tree / PLACE / "lib" / PYTHON / relative
        if path.suffix == ".py":
            put_module(path, target)
        else:
            put(path, target)
            put_libraries(tree, path, loader, {})
    for path in INSIDE.glob("*.py"):
        put_module(path, tree / PLACE / "lib" / PYTHON / "inside" / path.name)
    put(below / "bin/busybox", tree / PLACE / "bin/busybox")


def modules(program: Path) -> Iterator[Path]:
    """Files of what a fresh Python loads for `inside`; our own are not among them."""
    done = subprocess.run(
        [program, "-I", "-S", "-B", "-c", LOADED, str(INSIDE.parent)],
        capture_output=True,
        text=True,
    )
    if done.returncode:
        raise Missing(f"this Python does not load what is measured with: {done.stderr[-300:]}")
    for line in filter(None, done.stdout.splitlines()):
        if not line.startswith(str(INSIDE)) and os.path.exists(line):
            yield Path(line)


def put_program(tree: Path, program: Path, name: str, environment: Mapping[str, str]) -> Path:
    """A program, its libraries, and its loader where it wants it; returns the loader."""
    put(program, tree / PLACE / "bin" / name)
    with open(program, "rb") as file:
        found = LOADER.search(file.read(4096))
    if found is None:
        raise Missing(f"{program} names no loader of libraries (elf(5), PT_INTERP)")
    loader = Path(os.fsdecode(found[0]))
    put(loader, tree / loader.relative_to("/"))
    put_libraries(tree, program, loader, environment)
    return loader


def put_libraries(tree: Path, file: Path, loader: Path, environment: Mapping[str, str]) -> None:
    """The libraries that a program or module names, as the loader finds them here."""
    done = subprocess.run(
        [loader, "--list", file], capture_output=True, text=True, env=dict(environment)
    )
    if done.returncode:
        raise Missing(f"{loader} cannot load {file}: {done.stderr.strip()[-300:]}")
    for name, path in LIBRARY.findall(done.stdout):
        put(Path(path), tree / PLACE / "lib" / name)


def put(source: Path, target: Path) -> None:
    """Copy a file, with a mode that anybody can use."""
    if not target.exists():
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, target)
        target.chmod(0o755)


def put_module(source: Path, target: Path) -> None:
    """A module, translated: under emulation each would take a while to translate at the start."""
    put(source, target)
    py_compile.compile(
        str(target),
        dfile=str(target.name),
        doraise=True,
        invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH,
    )


def redis(tell: Tell) -> Path | None:
    """redis-server: unpacked before, or fetched now; None where it cannot be had."""
    for folder in tools.folders():
        if (found := folder / "redis/usr/bin/redis-server").exists():
            return found
    if not (shutil.which("apt-get") and shutil.which("dpkg-deb")):
        return None
    try:
        with workspace(paths.root(), "fetch") as work:
            options = [*fetch.prepare(work), *SOON]
            tell("package lists")
            fetch.run(["apt-get", *options, "update"], work)
            tell("redis-server")
            wanted = fetch.closure("redis", "redis-server", options, work)
            fetch.unpack("redis", wanted, options, work)
    except Missing as error:
        tell(f"no redis-server: {error}")
        return None
    return paths.root() / "tools/redis/usr/bin/redis-server"
