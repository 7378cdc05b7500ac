"""The initial ram disk of a guest: busybox, our init, the drivers; and the one instance's command.

The common part is made once for a kernel and a busybox and kept; the instance's part is appended:
the kernel unpacks archives that follow each other into the same tree.
"""

from __future__ import annotations

import hashlib
import lzma
import os
import re
import shlex
import subprocess
from collections.abc import Sequence
from pathlib import Path

from realrun import paths
from realrun.errors import Missing
from realrun.files.workspace import workspace, write_whole
from realrun.guest import cpio, helper, tools
from realrun.runtime import ownfiles
from realrun.runtime.spec import Spec

INIT = Path(__file__).with_name("init.sh")
UNIT = Path(__file__).with_name("realrun.service")  # runs it in a guest that has a system
DRIVERS = ("virtio_pci", "virtio_mmio", "virtio_blk", "virtio_console", "ext4")
APPLETS = (
    "sh cat chown cp cpio date dd echo env hostname insmod ip ln ls mdev mkdir mkfifo mount "
    "nsenter poweroff printf readlink rm rmdir setpriv setsid sleep stty su switch_root sync "
    "umount usleep"
).split()


def base(kernel: Path | None) -> Path:
    """The common part, for a kernel with drivers as modules or (None) one that has all built in."""
    busybox = tools.need("busybox").path
    key = hashlib.sha256()
    for path in (INIT, Path(helper.__file__), busybox, *([kernel] if kernel else [])):
        key.update(f"{path}{path.stat().st_size}{path.stat().st_mtime_ns}".encode())
    target = paths.root() / "guest" / f"base-{key.hexdigest()[:16]}.cpio"
    if not target.exists():
        target.parent.mkdir(parents=True, exist_ok=True)
        with workspace(paths.root(), "guest") as scratch:
            write_whole(target, cpio.archive(base_entries(busybox, kernel)), scratch)
    return target


def base_entries(busybox: Path, kernel: Path | None) -> list[cpio.Entry]:
    """The tree that the init finds."""
    names = "bin dev etc proc sys root system modules programs programs/0".split()
    entries = [cpio.folder(name) for name in names]
    entries += [cpio.device("dev/console", 5, 1), cpio.device("dev/null", 1, 3)]
    entries.append(cpio.file("bin/busybox", busybox.read_bytes(), 0o755))
    entries += [cpio.link(f"bin/{name}", "busybox") for name in APPLETS]
    entries.append(cpio.file("bin/helper", helper.program(tools.MACHINE), 0o755))
    entries.append(cpio.file("init", INIT.read_bytes(), 0o755))
    if kernel:
        for number, (name, data) in enumerate(modules(tools.modules_of(kernel))):
            entries.append(cpio.file(f"modules/{number:02}-{name}.ko", data))
    return entries


def more_drivers(kernel: Path, names: Sequence[str]) -> bytes:
    """Drivers that only some guests need; they come after the usual ones."""
    found = modules(tools.modules_of(kernel), names)
    return cpio.archive(
        [cpio.file(f"modules/more-{n}-{name}.ko", data) for n, (name, data) in enumerate(found)]
    )


def modules(folder: Path, names: Sequence[str] = DRIVERS) -> list[tuple[str, bytes]]:
    """The drivers as (name, content), each after what it needs; built-in ones have no file."""
    files = {path.name.partition(".ko")[0]: path for path in folder.glob("kernel/**/*.ko*")}
    ordered: dict[str, bytes] = {}

    def add(name: str) -> None:
        path = files.get(name) or files.get(name.replace("_", "-"))
        if path is None or name in ordered:
            return
        data = unpacked(path)
        found = re.search(rb"\0depends=([^\0]*)\0", b"\0" + data)
        for other in found[1].decode().split(",") if found else []:
            add(other)
        ordered[name] = data

    for name in names:
        add(name)
    return list(ordered.items())


def unpacked(path: Path) -> bytes:
    """A module as the kernel wants it (`insmod` of busybox does not unpack)."""
    if path.suffix == ".ko":
        return path.read_bytes()
    if path.suffix == ".xz":
        return lzma.decompress(path.read_bytes())
    if path.suffix == ".zst":
        done = subprocess.run(["zstd", "-dc", str(path)], capture_output=True, check=False)
        if done.returncode == 0:
            return done.stdout
    raise Missing(f"cannot unpack the kernel module {path}; install `zstd` and `xz-utils`")


def instance_part(spec: Spec, program: str, settings: dict[str, str], mounts: str) -> bytes:
    """What only this instance has: where its channels and disk are, and what to run."""
    values = settings | {"CWD": spec.cwd, "HOST_NAME": spec.hostname, "SHM": str(spec.shm_bytes)}
    lines = [f"{name}={shlex.quote(value)}" for name, value in values.items()]
    return cpio.archive(
        [
            cpio.folder("instance"),
            cpio.file("instance/settings", os.fsencode("\n".join(lines) + "\n")),
            cpio.file("instance/unit", UNIT.read_bytes()),
            cpio.file("instance/mounts", os.fsencode(mounts)),
            cpio.folder("instance/etc"),
            *(
                cpio.file(f"instance/etc/{name}", text)
                for name, text in ownfiles.texts(spec.hostname, spec.network).items()
            ),
            cpio.file("programs/0/command", os.fsencode(program)),
        ]
    )
