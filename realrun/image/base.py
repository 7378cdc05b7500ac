"""Base images made on this machine, from one static program.

The same program always gives the same image: nothing in it knows when or where it was made.
"""

from __future__ import annotations

import subprocess
from pathlib import Path

from realrun.errors import Missing, RealRunError
from realrun.image import config as configs
from realrun.image.layers import pack
from realrun.image.store import Image, Store

PATH = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
DIRECTORIES = {
    "bin": 0o755, "dev": 0o755, "etc": 0o755, "home": 0o755, "proc": 0o755, "root": 0o700,
    "sys": 0o755, "tmp": 0o1777, "usr": 0o755, "usr/bin": 0o755, "usr/sbin": 0o755,
    "sbin": 0o755, "var": 0o755, "var/tmp": 0o1777, "run": 0o755,
}  # fmt: skip
FILES = {
    "etc/passwd": "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/home:/bin/false\n",
    "etc/group": "root:x:0:\nnogroup:x:65534:\n",
    "etc/hosts": "127.0.0.1\tlocalhost\n",
}


def make_base_busybox(store: Store, busybox: Path, ref: str = "busybox:latest") -> Image:
    """`busybox:latest`: a shell and its 300 commands, all of them links to one static program."""
    applets = applets_of(busybox)
    with store.workspace("base") as scratch:
        tree = scratch / "tree"
        tree.mkdir()
        fill(tree, busybox, applets)
        layer = pack(tree, scratch / "layer", latest=0, compress=True)
        created = configs.timestamp(0)
        document = configs.make(
            config={"Env": [PATH], "Cmd": ["sh"]},
            diff_ids=[layer.diff_id],
            history=[{"created": created, "created_by": "busybox, static, and links to it"}],
            created=created,
        )
        return store.add(document, [layer], ref)


def applets_of(busybox: Path) -> list[str]:
    """The commands this busybox knows; it is run to ask it."""
    try:
        done = subprocess.run(
            [busybox, "--list"], capture_output=True, text=True, check=True, timeout=30
        )
    except (OSError, subprocess.SubprocessError) as error:
        raise Missing(
            f"no static busybox at {busybox} ({error}); on Debian: apt install busybox-static"
        ) from error
    names = sorted(set(done.stdout.split()) - {"busybox"})
    if "sh" not in names or any("/" in name for name in names):
        raise RealRunError(f"{busybox} is no busybox with a shell in it")
    return names


def fill(tree: Path, busybox: Path, applets: list[str]) -> None:
    """The files, with modes of their own: the umask has no say."""
    tree.chmod(0o755)
    for name, mode in DIRECTORIES.items():
        (tree / name).mkdir()
        (tree / name).chmod(mode)
    for name, text in FILES.items():
        (tree / name).write_text(text)
        (tree / name).chmod(0o644)
    program = tree / "bin/busybox"
    program.write_bytes(busybox.read_bytes())
    program.chmod(0o755)
    for name in applets:
        (tree / "bin" / name).symlink_to("busybox")
    (tree / "var/run").symlink_to("../run")
