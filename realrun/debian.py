"""`debian`: a base image from the distribution's packages, where no registry can be asked.

The packages that every system of this distribution has (Essential, or of priority `required`), with
apt and what they need, are downloaded by this system's apt and unpacked into an empty folder. Then
dpkg installs them properly, inside a container of ours whose root that folder is: their scripts run
there and not here. What only tells when and where that happened is removed, and no file is younger
than the youngest in the packages; so the same packages give the same files.

Source: Debian Policy, 3.8 (Essential), 6.5 (phases of unpacking and configuring); dpkg(1);
apt-patterns(7); debootstrap(8), `--variant=minbase`, for what belongs to a minimal system.
"""

from __future__ import annotations

import os
import platform
import re
import shutil
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from realrun.build import Job
from realrun.building import Containers
from realrun.errors import Missing, RealRunError
from realrun.files.remove import remove_tree
from realrun.guest import fetch
from realrun.image import Image, Store
from realrun.image import config as configs
from realrun.image.base import PATH
from realrun.image.layers import pack
from realrun.runtime.start import Starter

WANTED = ("?essential", "?priority(required)", "apt")
MERGED = "usr-is-merged"  # /bin leads to /usr/bin from the beginning: no need to move it
MERGED_FOLDERS = ("bin", "sbin", "lib")
ENV = {
    "PATH": PATH.partition("=")[2],
    "LC_ALL": "C.UTF-8",
    "DEBIAN_FRONTEND": "noninteractive",
    "DEBCONF_NONINTERACTIVE_SEEN": "true",
    "DEBCONF_NOWARNINGS": "yes",
}
# `dpkg-deb --extract` would replace the link /bin by a directory.
EXTRACT = 'dpkg-deb --fsys-tarfile "$1" | tar -xpf - --keep-directory-symlink -C "$2"'
# base-passwd makes the users that other packages give their files to.
INSTALL = """set -e
[ -e /usr/bin/awk ] || ln -s mawk /usr/bin/awk
dpkg --force-unsafe-io --force-depends --install /packages/base-passwd_*.deb
dpkg --force-unsafe-io --force-depends --install /packages/*.deb
dpkg --configure --pending
for modules in /usr/lib/modules/*; do [ ! -d "$modules" ] || depmod "${modules##*/}"; done
test -z "$(dpkg --audit)"
"""
TRACES = (
    "etc/machine-id", "etc/hostname", "etc/resolv.conf", "etc/.pwd.lock", "run/*", "tmp/*",
    "var/cache/apt/*", "var/cache/ldconfig/*", "var/cache/debconf/*-old", "var/lib/apt/lists/*",
    "var/lib/dpkg/*-old", "var/lib/dpkg/lock*", "var/lib/dpkg/triggers/Lock",
    "var/log/*", "var/log/*/*", "etc/*-",
)  # fmt: skip
SAID_LINES = 4
Tell = Callable[[str], None]


class Plan(NamedTuple):
    """The packages as NAME=VERSION, and the lines of sources.list that they are from."""

    packages: list[str]
    sources: list[str]


class Made(NamedTuple):
    """A system of files: where it lies, the packages in it, and the time of the youngest file."""

    tree: Path
    plan: Plan
    newest: int


def make_base_debian(store: Store, starter: Starter, tell: Tell = lambda _: None) -> Image:
    """A minimal system of this machine's own distribution and release; it has several names.

    Raises Missing where apt, the network, or root's rights are not to be had.
    """
    check()
    with store.workspace("debian") as work:
        made = make_tree(work, starter, WANTED, tell)
        return add(store, made.tree, work / "layer", made.newest, len(made.plan.packages))


def make_tree(
    work: Path, starter: Starter, wanted: Sequence[str], tell: Tell, modules: Path | None = None
) -> Made:
    """A system with what is `wanted` (apt-patterns(7)) and what that needs, in `work`.

    `modules` are a kernel's drivers, to lie where udev looks for them.
    """
    tree, below = work / "tree", work / "below"
    packages = below / "packages"
    (packages / "partial").mkdir(parents=True)
    options = [*fetch.prepare(work), "-o", f"Dir::State::status={empty(work / 'status')}"]
    tell("package lists")
    update(options, work)
    plan = planned(options, work, wanted)
    tell(f"{len(plan.packages)} packages")
    download = ["-o", f"Dir::Cache::Archives={packages}", "--download-only", "--yes"]
    download += ["--no-install-recommends"]
    fetch.run(["apt-get", *options, *download, "install", *plan.packages], work)
    unpack(sorted(packages.glob("*.deb")), tree, work)
    newest = max(int(os.stat(path).st_mtime) for path in files(tree))
    if modules:
        shutil.copytree(modules, tree / "usr/lib/modules" / modules.name, symlinks=True)
    tell("scripts of the packages")
    install(starter, below, tree, newest)
    clean(tree, plan.sources)
    return Made(tree, plan, newest)


def check() -> None:
    """What has to be there."""
    for program in ("apt-get", "dpkg-deb"):
        if shutil.which(program) is None:
            raise Missing(
                f"there is no {program} here: the debian base is made of the packages of a Debian"
                " or Ubuntu system; `realrun load` takes an image from elsewhere"
            )
    if os.geteuid() != 0:
        raise Missing(
            "the debian base has to be made by root: its packages give files to users such as mail"
            " and shadow, and an ordinary user has one id here; `realrun save` and `load` carry it"
            " over, and `realrun base busybox` needs no root"
        )


def empty(path: Path) -> Path:
    path.touch()
    return path


def update(options: Sequence[str], work: Path) -> None:
    """apt's lists; by itself it is content with what it can get, even with nothing."""
    try:
        fetch.run(["apt-get", *options, "-o", "APT::Update::Error-Mode=any", "update"], work)
    except Missing as error:
        raise Missing(
            f"apt cannot get the lists of packages ({error}); the debian base needs the network, or"
            " a mirror that /etc/apt names"
        ) from None


def planned(options: Sequence[str], work: Path, wanted: Sequence[str]) -> Plan:
    """Ask apt for what a system with nothing installed would need."""
    install = ["apt-get", *options, "install", "--simulate", "--no-install-recommends", *wanted]
    try:
        said = fetch.run([*install, MERGED], work)
    except Missing:
        said = fetch.run(install, work)  # a release without that package
    found = re.findall(r"^Inst (\S+) (?:\[\S+\] )?\((\S+)", said, re.M)
    form = "$(CREATED_BY) deb $(SITE) $(RELEASE) $(COMPONENT)"
    said = fetch.run(["apt-get", *options, "indextargets", "--format", form], work)
    sources = [line.partition(" ")[2] for line in said.splitlines() if line.startswith("Packages ")]
    public = [line for line in sources if "@" not in line]  # no passwords into an image
    return Plan([f"{name}={version}" for name, version in found], list(dict.fromkeys(public)))


def unpack(packages: Sequence[Path], tree: Path, work: Path) -> None:
    """All files in their places, so that dpkg can run there; /bin leads to /usr/bin already."""
    tree.mkdir(mode=0o755)
    tree.chmod(0o755)
    for name in (*MERGED_FOLDERS, *(["lib64"] if os.path.islink("/lib64") else [])):
        (tree / "usr" / name).mkdir(parents=True)
        (tree / name).symlink_to(f"usr/{name}")
    for package in packages:
        fetch.run(["sh", "-c", EXTRACT, "sh", str(package), str(tree)], work)


def install(starter: Starter, below: Path, tree: Path, newest: int) -> None:
    """dpkg in a container over `tree`; raises RealRunError with its last words."""
    said = bytearray()
    containers = Containers(starter)
    containers.begin(
        Job(
            layers=[below],
            upper=tree,
            argv=["/bin/sh", "-c", INSTALL],
            env=ENV | {"SOURCE_DATE_EPOCH": str(newest)},
            cwd="/",
            user="",
            network="none",
            on_output=said.extend,
        )
    )
    try:
        while (ended := containers.wait()) is None:
            pass
    except BaseException:
        containers.stop()
        raise
    if ended[1]:
        last = said.decode("utf-8", "replace").strip().splitlines()[-SAID_LINES:]
        raise RealRunError(f"dpkg failed in the new system: {' / '.join(last)}")


def clean(tree: Path, sources: Sequence[str]) -> None:
    """Remove what is of this moment only; say where more packages come from."""
    for pattern in TRACES:
        for path in list(tree.glob(pattern)):
            if not path.is_dir() or path.is_symlink() or pattern.startswith(("run", "tmp")):
                remove_tree(path)
    for folder in ("var/cache/apt/archives/partial", "var/lib/apt/lists/partial"):
        (tree / folder).mkdir(parents=True, exist_ok=True)
    (tree / "etc/machine-id").touch()
    (tree / "etc/apt/sources.list").write_text("".join(f"{line}\n" for line in sources))


def files(tree: Path) -> Iterator[Path]:
    """The plain files: the times of all others are of today."""
    return (path for path in tree.rglob("*") if path.is_file() and not path.is_symlink())


def add(store: Store, tree: Path, blob: Path, newest: int, count: int) -> Image:
    """One layer, and the names: the distribution's with its release, and `debian`."""
    release = platform.freedesktop_os_release()
    name, version = release["ID"], release.get("VERSION_CODENAME") or release.get("VERSION_ID", "")
    layer = pack(tree, blob, latest=newest, compress=True)
    created = configs.timestamp(newest)
    told = f"{release['PRETTY_NAME']}, minimal: {count} packages"
    document = configs.make(
        config={"Env": [PATH], "Cmd": ["bash"]},
        diff_ids=[layer.diff_id],
        history=[{"created": created, "created_by": told}],
        created=created,
    )
    image = store.add(document, [layer], "debian:latest")
    for more in {f"{name}:{version}" if version else name, name}:
        store.tag(image.image_id, more)
    return image
