"""An image with this machine's own Python and busybox in it, and the attacks: the same for all.

No image with a compiler or an interpreter can be fetched, but the one that runs this has all that
attacks need: Python's executable, the modules and libraries that it has loaded once it has imported
what the attacks import, and the loader.
"""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import tarfile
from collections.abc import Sequence
from pathlib import Path

PROJECT = Path(__file__).parents[2]
INSIDE = Path(__file__).with_name("inside")
CODE = (
    "import sys; sys.path.insert(0, {!r}); from tests.security.inside.__main__ import main; main()"
)
LOADED = f"""
import sys; sys.path.insert(0, {str(PROJECT)!r})
import encodings.ascii, encodings.latin_1, mmap
from tests.security.inside import __main__
for module in list(sys.modules.values()):
    print(getattr(module, "__file__", None) or "")
with open("/proc/self/maps") as maps:
    for line in maps:
        print(line.partition("/")[1] + line.partition("/")[2].rstrip())
"""
LOADERS = ("/lib64/ld-linux-x86-64.so.2", "/lib/ld-linux-aarch64.so.1")
PASSWD = b"root:x:0:0::/root:/bin/sh\nmaya:x:1000:1000::/home/maya:/bin/sh\n"


def archive(busybox: Path) -> bytes:
    """The root file system, uncompressed; in it a program that is whoever executes it."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", dereference=True) as tar:
        for name in ("bin", "etc", "proc", "sys", "dev", "home", "root", "tmp", "usr/bin"):
            add_directory(tar, name)
        for path in python_files():
            tar.add(path, path.lstrip("/"), recursive=False)
        setuid = tar.gettarinfo(python(), f"{python()}-setuid")
        with open(python(), "rb") as program:
            setuid.type, setuid.mode, setuid.uid, setuid.gid = tarfile.REGTYPE, 0o4755, 0, 0
            tar.addfile(setuid, program)
        for path in sorted(INSIDE.glob("*.py")):
            tar.add(path, f"attacks/{path.relative_to(PROJECT)}")
        tar.add(busybox, "bin/busybox")
        for name in (
            "sh",
            "cat",
            "sleep",
            "ls",
            "id",
            "mount",
            "touch",
            "echo",
            "true",
            "mv",
            "ln",
        ):
            add_link(tar, f"bin/{name}", "busybox")
        add_file(tar, "etc/passwd", PASSWD)
        add_link(tar, "engine", "/proc/self/exe")
    return out.getvalue()


def python() -> str:
    """Where the interpreter lies, here and in the image."""
    return os.path.realpath(sys.executable)


def attack(home: str, names: Sequence[str]) -> tuple[str, ...]:
    """The words that try these attacks, which lie in the folder `home`; none of them means all."""
    return (python(), "-I", "-S", "-c", CODE.format(home), *names)


def python_files() -> list[str]:
    """What the interpreter needs, every path as it is here."""
    command = [sys.executable, "-I", "-S", "-c", LOADED]
    printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    paths = [line for line in printed.splitlines() if line.startswith("/") and " " not in line]
    real = [path for path in [*paths, *LOADERS] if Path(path).is_file()]
    real = [path for path in real if not path.startswith(str(PROJECT))]
    library = [f"{Path(path).parent}/lib-dynload" for path in real if path.endswith("/os.py")]
    named = [name for path in real if ".so" in path for name in names_of(Path(path))]
    return list(dict.fromkeys([python(), *real, *named, *library]))


def names_of(library: Path) -> list[str]:
    """The loader looks for it by another name than that of the file it maps."""
    stem = library.name.split(".so")[0]
    return [str(one) for one in library.parent.glob(f"{stem}.so*") if one.samefile(library)]


def json_words(words: Sequence[str]) -> str:
    """As a Dockerfile takes them."""
    return json.dumps(list(words))


def add_directory(tar: tarfile.TarFile, name: str) -> None:
    info = tarfile.TarInfo(name)
    info.type, info.mode = tarfile.DIRTYPE, 0o755
    tar.addfile(info)


def add_link(tar: tarfile.TarFile, name: str, target: str) -> None:
    info = tarfile.TarInfo(name)
    info.type, info.linkname = tarfile.SYMTYPE, target
    tar.addfile(info)


def add_file(tar: tarfile.TarFile, name: str, content: bytes) -> None:
    info = tarfile.TarInfo(name)
    info.size, info.mode = len(content), 0o644
    tar.addfile(info, io.BytesIO(content))
