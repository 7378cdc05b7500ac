"""The system of a guest at level `distro`: the distribution's own, on a disk, as people run it.

It has what the distribution itself calls a normal minimal system: the packages that are Essential
or of priority `required` or `important` (what debootstrap(8) installs unless told otherwise;
systemd is one of them), a message bus, and the modules of the guests' kernel. They are downloaded
by this system's apt and installed by dpkg in a container of ours; nothing is installed here.

Source: Debian Policy, 2.5 (priorities); systemd(1).
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

from realrun import debian, paths
from realrun.errors import Missing
from realrun.files.workspace import workspace
from realrun.guest import disk, tools
from realrun.runtime.spec import Spec
from realrun.runtime.start import Starter

WANTED = (*debian.WANTED, "?priority(important)", "dbus")
FSTAB = "/dev/root / ext4 noatime,errors=remount-ro 0 0\n"
Tell = Callable[[str], None]


def make(starter: Starter, tell: Tell = lambda _: None) -> Path:
    """Make `ROOT/tools/distro`, whole or not at all; returns it.

    Raises Missing where apt, the network, or root's rights are not to be had.
    """
    debian.check()
    modules = tools.modules_of(tools.need("kernel").path)
    if not modules.is_dir():
        raise Missing(f"the kernel has no modules in {modules}, which a whole system wants")
    mke2fs = tools.need("mke2fs")
    target = paths.root() / "tools" / "distro"
    with workspace(paths.root(), "distro") as work:
        made = debian.make_tree(work, starter, WANTED, tell, modules)
        (made.tree / "etc/fstab").write_text(FSTAB, encoding="utf-8")
        tell(f"a disk with {mke2fs.path.name}")
        done = work / "distro"
        done.mkdir(mode=0o755)
        spec = Spec(layers=(str(made.tree),), argv=("init",), env={}, isolation="qemu")
        disk.make(spec, done / tools.SYSTEM_DISK)
        (done / "packages.txt").write_text("\n".join(made.plan.packages) + "\n", encoding="utf-8")
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.rmtree(target, ignore_errors=True)
        done.rename(target)
    return target
