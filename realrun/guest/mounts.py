"""What a guest sees of outside, and how its init puts it in place: mounts as a container's.

Everything that is shared lies below one folder of the monitor's jail, by number. User-Mode Linux
lets its guest mount that (hostfs); for QEMU a `virtiofsd` in the same jail serves it. The guest's
init binds each thing to its place. A place is looked up in the image here: a link of a hostile
image would lead the init astray, though no further than the guest.

Sources: virtiofsd(1); the kernel's `filesystems/hostfs.rst`, `filesystems/virtiofs.rst`; tmpfs(5).
"""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from realrun.errors import Missing
from realrun.guest import tools
from realrun.image.merged import Merged
from realrun.runtime import mountplan, ownfiles
from realrun.runtime.spec import Mount, Spec

SHARES = "/shares"  # in the jail, and in the guest's ram disk
TAG = "shares"
SOCKET = "share"  # in the folder of the instance, where the monitor works
VIRTIOFSD = ("usr/lib/qemu/virtiofsd", "usr/libexec/virtiofsd", "usr/bin/virtiofsd")
MODULES = ("fuse", "virtiofs")


class Share(NamedTuple):
    """One thing of this machine that the guest sees, in a folder of its own."""

    number: int
    source: str
    mount: Mount

    @property
    def directory(self) -> bool:
        return os.path.isdir(self.source)

    @property
    def folder(self) -> str:
        return f"{SHARES}/{self.number}"

    @property
    def path(self) -> str:
        return self.folder if self.directory else f"{self.folder}/file"


def shares(spec: Spec, folder: str) -> list[Share]:
    """All of them; `folder` is the instance's."""
    found = [one for one in mountplan.sources(spec, folder) if one[0].kind != "tmpfs"]
    return [Share(number, source, mount) for number, (mount, source) in enumerate(found)]


def shown(spec: Spec, folder: str) -> list[tuple[str, str, bool]]:
    """For the jail: what, where, and whether nothing may be written to it."""
    return [(one.source, one.path, one.mount.read_only) for one in shares(spec, folder)]


def server() -> tuple[list[str], dict[str, str]]:
    """The program that serves the folder to a QEMU, and its environment; raises `Missing`.

    A second at most passes until the guest hears of a change outside (`cache=auto`). It makes no
    device nodes for its guest.
    """
    qemu = tools.need("qemu")
    for prefix in [*([qemu.prefix] if qemu.prefix else []), Path("/")]:
        for name in VIRTIOFSD:
            if os.access(prefix / name, os.X_OK):
                words = [str(prefix / name), "--fd=4", "--rlimit-nofile=0"]
                for option in (f"source={SHARES}", "cache=auto", "modcaps=-mknod"):
                    words += ["-o", option]
                return words, qemu.environment | {"PATH": "/usr/bin:/bin"}
    raise Missing(
        "-v in a QEMU guest needs `virtiofsd`, and there is none here; install the package of that "
        "name (Debian 12: qemu-system-common), or use --isolation uml"
    )


def script(spec: Spec, folder: str) -> str:
    """What the init does when the image is mounted, before anything runs in it."""
    lines = [*own_files(), *from_outside(spec, folder)]
    if spec.read_only:
        lines.append("mount -o remount,ro /root")
    return "\n".join([*lines, ""])


def own_files() -> Iterator[str]:
    """Its name, and where to ask for others, as a container has them."""
    yield "[ -d /root/etc ] || mkdir /root/etc"
    for name in ownfiles.FILES:
        yield f"[ -e /root/etc/{name} ] || : > /root/etc/{name}"
        yield f"mount --bind /instance/etc/{name} /root/etc/{name}"


def from_outside(spec: Spec, folder: str) -> Iterator[str]:
    """By depth, as Docker does, so that nothing covers another."""
    image = Merged([Path(layer) for layer in spec.layers])
    found = {one.mount.target: one for one in shares(spec, folder)}
    yield from reach(list(found.values()), spec.isolation == "uml")
    for mount in sorted(spec.mounts, key=lambda one: one.target.count("/")):
        target = shlex.quote("/root" + in_image(image, mount.target))
        if mount.kind == "tmpfs":
            options = shlex.quote(",".join(mount.options) or "mode=1777")
            yield f"mkdir -p {target} && mount -t tmpfs -o {options} tmpfs {target}"
        else:
            yield from bind(found[mount.target], target)


def reach(found: Sequence[Share], hostfs: bool) -> Iterator[str]:
    """The folder of each. With hostfs it is a file system of its own: in one, a folder that is
    shared twice, or lies in another, would have one name only."""
    fail = "|| { echo fail cannot mount what is shared >&3; poweroff -f; }"
    if hostfs:
        for one in found:
            where = one.folder
            yield f"mkdir -p {where} && mount -t hostfs -o {where} none {where} {fail}"
    elif found:
        yield f"mkdir {SHARES} && mount -t virtiofs {TAG} {SHARES} {fail}"


def bind(share: Share, target: str) -> Iterator[str]:
    """One thing to its place; an empty volume takes over what the image has there."""
    source = share.path
    if share.directory:
        yield f"mkdir -p {target}"
    else:
        yield f"[ -e {target} ] || {{ mkdir -p {target} && rmdir {target} && : > {target}; }}"
    if share.mount.kind == "volume" and "nocopy" not in share.mount.options:
        yield f'[ "$(ls -A {source})" ] || cp -a {target}/. {source}'
    yield f"mount --bind {source} {target}"
    if share.mount.read_only:
        yield f"mount -o remount,bind,ro {target}"


def in_image(image: Merged, target: str) -> str:
    """Where a path of the image leads when its links have been followed."""
    node, rest = image.walk(target)
    return "/" + "/".join((*node.parts, *rest))
