"""Find what a guest needs: a monitor, a kernel, a busybox; in our own folder or on the system.

Names: `qemu`, `uml`, `kernel`, `busybox`, `mke2fs`, `distro`. Packages that `fetch` unpacked lie in
`ROOT/tools/NAME/`; an ordinary user may also use those that root has unpacked.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import NamedTuple

from realrun import paths
from realrun.errors import Missing
from realrun.guest import processor

MACHINE = os.uname().machine
QEMU = f"qemu-system-{MACHINE}"
PROGRAMS = {"qemu": (QEMU,), "uml": ("linux.uml", "linux"), "busybox": ("busybox",)} | {
    "mke2fs": ("mke2fs",)
}
PURPOSE = {
    "qemu": "--isolation qemu",
    "kernel": "a kernel for --isolation qemu",
    "uml": "--isolation uml",
    "busybox": "the base image and the guests' init",
    "mke2fs": "the guests' disks",
    "distro": "--level distro",
}
SYSTEM_DISK = "system.ext4"  # of the tool `distro`, which is no program but a system's disk
# By machine: Debian's name for it, the package with its QEMU.
DEBIAN = {"x86_64": ("amd64", "qemu-system-x86"), "aarch64": ("arm64", "qemu-system-arm")}
ARCH, QEMU_PACKAGE = DEBIAN.get(MACHINE, (MACHINE, ""))
# In order of preference: Debian's name, then Ubuntu's.
PACKAGES = {
    "busybox": ("busybox-static",),
    "uml": ("user-mode-linux",),
    "qemu": (QEMU_PACKAGE,),
    "kernel": (f"linux-image-cloud-{ARCH}", "linux-image-virtual"),
    "mke2fs": ("e2fsprogs",),
}
SYSTEM_ROOT = Path("/var/lib/realrun")
FOLDERS = ("bin", "sbin", "usr/bin", "usr/sbin")
# Where a program names the loader of its libraries (System V ABI, AMD64 supplement); for User-Mode
# Linux, which there is for x86-64 alone.
LOADER = "/lib64/ld-linux-x86-64.so.2"


class Tool(NamedTuple):
    """A program or kernel, and the folder it was unpacked to (None: part of the system)."""

    path: Path
    prefix: Path | None

    @property
    def environment(self) -> dict[str, str]:
        """What the program needs to find its own libraries, modules and data."""
        if self.prefix is None:
            return {}
        libraries = sorted(str(p.parent) for p in self.prefix.glob("usr/lib/*-linux-gnu*/qemu"))
        folders = [str(p) for p in self.prefix.glob("*lib/*-linux-gnu*")]
        folders += [str(p) for p in self.prefix.glob("usr/lib/*-linux-gnu*")]
        env = {"LD_LIBRARY_PATH": ":".join(folders)} if folders else {}
        return env | ({"QEMU_MODULE_DIR": f"{libraries[0]}/qemu"} if libraries else {})

    @property
    def loader(self) -> Path | None:
        """The loader that came with it, if it brought a C library of its own: they go together."""
        found = self.prefix.glob(f"usr/lib/*-linux-gnu/{Path(LOADER).name}") if self.prefix else ()
        return next(iter(found), None)


def folders() -> list[Path]:
    """Where unpacked packages may lie: ours first, then root's."""
    return list(dict.fromkeys((paths.root() / "tools", SYSTEM_ROOT / "tools")))


def find(name: str) -> Tool | None:
    """The tool, or None if neither we nor the system have it."""
    for prefix in (folder / name for folder in folders()):
        if found := inside(name, prefix):
            return Tool(found, prefix)
    if name == "kernel":
        return system_kernel()
    if name == "distro":
        return None
    search = f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"
    for program in PROGRAMS[name]:
        if (path := shutil.which(program, path=search)) and suits(name, Path(path)):
            return Tool(Path(path), None)
    return None


def inside(name: str, prefix: Path) -> Path | None:
    """The tool below `prefix`, where a package puts it."""
    if name == "kernel":
        return newest(prefix)
    if name == "distro":
        return next((path for path in [prefix / SYSTEM_DISK] if os.access(path, os.R_OK)), None)
    programs = [prefix / folder / program for program in PROGRAMS[name] for folder in FOLDERS]
    return next((p for p in programs if os.access(p, os.X_OK) and suits(name, p)), None)


def newest(prefix: Path) -> Path | None:
    """The newest readable kernel below `prefix`, with its modules."""
    kernels = [path for path in prefix.glob("boot/vmlinuz-*") if os.access(path, os.R_OK)]
    kernels = [path for path in kernels if modules_of(path).is_dir()]
    return max(kernels, key=lambda path: path.stat().st_mtime, default=None)


def system_kernel() -> Tool | None:
    """The host's own kernel, where an ordinary user may read it (Ubuntu forbids it)."""
    path = newest(Path("/"))
    return Tool(path, None) if path else None


def modules_of(kernel: Path) -> Path:
    """The folder of a kernel's modules, beside its `boot` folder."""
    release = kernel.name.removeprefix("vmlinuz-")
    candidates = [kernel.parents[1] / lib / "modules" / release for lib in ("lib", "usr/lib")]
    return next((path for path in candidates if path.is_dir()), candidates[0])


def suits(name: str, path: Path) -> bool:
    """A busybox must be static, since it runs where no library is (PT_INTERP would name one).

    A User-Mode Linux must have room for this processor's registers.
    """
    if name == "uml":
        return processor.has_room(path)
    if name != "busybox":
        return True
    with open(path, "rb") as file:
        return b"ld-linux" not in file.read(4096)


def advice(name: str) -> str:
    """How to get `name` on this machine, in a few words."""
    if name == "distro":
        return "`realrun fetch distro`, as root, makes it of the distribution's packages"
    wide = name == "uml" and processor.is_wide()
    needs = f"this processor ({processor.WIDE}) needs {processor.ROOMY}; " if wide else ""
    if not shutil.which("apt-get"):
        package = PACKAGES[name][0]
        return f"{needs}install what Debian calls {package} with this system's package manager"
    if wide:
        return f"{needs}`realrun fetch uml` downloads it"
    packages = " or ".join(PACKAGES[name])
    return f"`realrun fetch` downloads it ({packages}), or install that package"


def need(name: str) -> Tool:
    """The tool, or one line that says what it is for and how to get it."""
    if tool := find(name):
        return tool
    raise Missing(f"{name} is missing (for {PURPOSE[name]}); {advice(name)}")
