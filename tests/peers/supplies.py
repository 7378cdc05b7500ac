"""What all cases start from: one base image for both builders, and one context."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import os
import tarfile
from pathlib import Path

from realrun.image import Layer, Store
from realrun.image import config as configs
from realrun.image.base import PATH, applets_of, fill
from realrun.image.layers import pack
from tests.peers.flat import FIXED
from tests.realrun.trees import archive, member, write

BASE = {
    "dir/old": "old", "link": "-> /dir", "rel": "-> dir", "file": "F", "flink": "-> /file",
    "dangling": "-> /nowhere", "loop": "-> loop", "up": "-> ../../../run", "open/": None,
    "dir/deep/x": "x",
}  # fmt: skip
USERS = "sue:x:1234:77::/home/sue:/bin/sh\nbob:x:2000:2000::/:/bin/sh\n3000:x:31:32::/:/bin/sh\n"
GROUPS = "staff:x:50:sue\nsue:x:77:\nextra:x:51:sue,bob\n"
CONTEXT = {
    "a.txt": "A", "b.txt": "B", "c.md": "C", "d/one": "1", "d/two": "2", "d/sub/three": "3",
    "d/inner": "-> one", "e/one": "other", "empty/": None, "link": "-> a.txt", "dlink": "-> d",
    "broken/dangling": "-> nowhere", "broken/out": "-> /etc/passwd", "sp ace": "S",
    "brack[et]": "K",
    ".hidden": "H", "-dash": "D", "uni-\u00e4": "U", "script.sh": "#!/bin/sh\necho ran\n",
    "su": "s", "deep/a/b/c/f.txt": "f", "deep/a/g.log": "g", "deep/h.log": "h", "notar.tar": "no",
    "chain": "-> link", "upd": "-> d/sub/..", "dir/new": "new", "tree/link/in": "in",
    "tree2/file/in": "in",
    "over/dir/deep/y": "y", "over/open/z": "z", "over/tmp/": None, "hard/one": "h",
    "q'uote": "Q", "dollar$x": "$", "back\\slash": "\\",
}  # fmt: skip
MODES = {
    "over/dir": 0o711,
    "over/dir/deep": 0o750,
    "c.md": 0o640,
    "script.sh": 0o755,
    "su": 0o4755,
    "d/sub": 0o750,
    "empty": 0o1777,
}


def base_layer(folder: Path, busybox: Path) -> Layer:
    """A small system with users, links and directories of its own."""
    tree = folder / "tree"
    tree.mkdir()
    fill(tree, busybox, applets_of(busybox))
    write(tree, BASE)
    for name, lines in (("etc/passwd", USERS), ("etc/group", GROUPS)):
        (tree / name).write_text((tree / name).read_text() + lines)
    (tree / "dir").chmod(0o700)
    (tree / "open").chmod(0o1777)
    os.chown(tree / "dir", 1234, 77)
    return pack(tree, folder / "base.tar.gz", latest=0)


def add_base(store: Store, layer: Layer) -> None:
    """The base in our store, as `docker import` with CMD and PATH has it there."""
    document = configs.make(
        config={"Env": [PATH], "Cmd": ["sh"]},
        diff_ids=[layer.diff_id],
        history=[{"created_by": "base"}],
        created=configs.timestamp(0),
    )
    store.add(document, [layer], "base:latest")


def make_context(folder: Path) -> Path:
    """The context: every kind of file, every kind of archive, all of one time."""
    write(folder, CONTEXT)
    plain = packed()
    (folder / "t.tar").write_bytes(plain)
    (folder / "tgz.data").write_bytes(gzip.compress(plain, mtime=0))
    (folder / "t.tar.bz2").write_bytes(bz2.compress(plain))
    (folder / "t.tar.xz").write_bytes(lzma.compress(plain))
    (folder / "only.gz").write_bytes(gzip.compress(b"no archive", mtime=0))
    (folder / "hard/two").hardlink_to(folder / "hard/one")
    for name, mode in MODES.items():
        (folder / name).chmod(mode)
    for path in [folder, *folder.rglob("*")]:
        os.utime(path, (FIXED, FIXED), follow_symlinks=False)
    return folder


def packed() -> bytes:
    """An archive with owners, modes, links and a directory."""
    made = io.BytesIO(
        archive(
            [
                member("p/", tarfile.DIRTYPE, mode=0o750, uid=5, gid=6, mtime=FIXED),
                member("p/file", data=b"packed", mode=0o640, uid=7, gid=8, mtime=FIXED),
                member(
                    "p/hard",
                    tarfile.LNKTYPE,
                    linkname="p/file",
                    mode=0o640,
                    uid=7,
                    gid=8,
                    mtime=FIXED,
                ),
                member("p/soft", tarfile.SYMTYPE, linkname="file", mode=0o777, mtime=FIXED),
                member("p/su", data=b"", mode=0o4711, mtime=FIXED),
                member("dir/old", data=b"replaced", mtime=FIXED),
                member("./dotted", data=b".", mtime=FIXED),
            ]
        )
    )
    return made.getvalue()
