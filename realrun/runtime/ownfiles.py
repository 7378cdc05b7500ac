"""Three files of a container are its engine's: /etc/hosts, /etc/hostname, /etc/resolv.conf.

They belong to the instance, not to the image, and are mounted over whatever the image has there, as
Docker does. What there has to be to mount on comes from an *init layer* below the image's, so that
nothing of it shows in the writable layer: neither `diff` nor `commit` nor a build's step sees it.

Source: hosts(5), hostname(5), resolv.conf(5); Docker's documentation, "Networking overview".
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import Path

from realrun.files.workspace import locked, workspace
from realrun.linux import calls, inroot, trees
from realrun.linux.calls import Request, Saved

HOSTS = """127.0.0.1\tlocalhost
::1\tlocalhost ip6-localhost ip6-loopback
fe00::0\tip6-localnet
ff00::0\tip6-mcastprefix
ff02::1\tip6-allnodes
ff02::2\tip6-allrouters
"""
BUILD_HOSTS = "127.0.0.1\tlocalhost {}\n::1\tlocalhost ip6-localhost ip6-loopback\n"
FILES = ("hosts", "hostname", "resolv.conf")
BUILD_FILES = ("hosts", "resolv.conf")
MOUNTED = ("dev", "proc", "sys")


def init_layer(root: Path | str, build_step: bool) -> str:
    """The layer with all that the engine mounts on; in BuildKit a step leaves /dev and the like."""
    return f"{root}/layers/{'init-build' if build_step else 'init'}"


def make_init_layers(root: Path) -> None:
    """Make those that are missing."""
    for build_step in (False, True):
        layer = init_layer(root, build_step)
        if os.path.isdir(layer):
            continue
        with workspace(root, "init") as scratch:
            made = scratch / "init"
            for name in ("", "etc", *(() if build_step else MOUNTED)):
                (made / name).mkdir()
                (made / name).chmod(0o755)
            for name in BUILD_FILES if build_step else FILES:
                (made / "etc" / name).touch()
                (made / "etc" / name).chmod(0o644)
            with locked(root):
                Path(layer).parent.mkdir(mode=0o700, exist_ok=True)
                if not os.path.isdir(layer):
                    os.rename(made, layer)


def write(folder: str, hostname: str, network: str) -> None:
    """Make the files in the instance's folder."""
    os.mkdir(f"{folder}/etc", 0o755)
    os.chmod(f"{folder}/etc", 0o755)
    for name, text in texts(hostname, network).items():
        fd = os.open(f"{folder}/etc/{name}", os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644)
        try:
            os.fchmod(fd, 0o644)
            os.write(fd, text)
        finally:
            os.close(fd)


def texts(hostname: str, network: str) -> dict[str, bytes]:
    """What stands in them; with the host's network, hosts are the host's.

    In a step of a build (`network` is "build") they are BuildKit's: the machine itself is known.
    """
    if network == "host":
        hosts = of_host("/etc/hosts")
    else:
        hosts = (BUILD_HOSTS.format(hostname) if network == "build" else HOSTS).encode()
    return {
        "hosts": hosts,
        "hostname": os.fsencode(hostname) + b"\n",
        "resolv.conf": of_host("/etc/resolv.conf"),
    }


def of_host(path: str) -> bytes:
    """What this machine has there, if anything."""
    try:
        with open(path, "rb", buffering=0) as file:
            return file.read()
    except FileNotFoundError:
        return b""


def mount(root: str, folder: str, names: Sequence[str], read_only: bool) -> Iterator[Request]:
    """Mount the files over the image's; a link of the image leads nowhere but into the image.

    Without `folder` each of them is there for certain (`are_plain`), and ours are where those of
    every instance are, beside its root.
    """
    attributes = (trees.MOUNT_ATTR_RDONLY if read_only else 0, 0)
    if folder:
        for name in names:
            yield inroot.bind_below, root, f"{folder}/etc/{name}", f"/etc/{name}", attributes
        return
    yield calls.open_as(0, root, os.O_PATH | os.O_DIRECTORY)
    for name in names:
        yield trees.clone_tree(1, f"{root}/../etc/{name}")
        if read_only:
            yield trees.change(Saved(1), attributes, name)
        yield inroot.find(2, Saved(0), f"/etc/{name}")
        yield trees.attach(Saved(1), Saved(2), f"/etc/{name}")
        yield from (calls.close(number) for number in (2, 1))
    yield calls.close(0)


def are_plain(layers: tuple[str, ...], upper: str, names: tuple[str, ...]) -> bool:
    """Will all these be files in /etc of the stack of `layers`, the lowest first, for certain.

    So it is if neither the topmost layer that says anything of it makes it something else, nor
    `upper`, the writable one, if there is any yet.
    """
    touched = upper and any(mode_of(f"{upper}/etc/{name}") for name in ("", *names))
    return not touched and all(is_plain(layers, name) for name in names)


@lru_cache(maxsize=64)
def is_plain(layers: tuple[str, ...], name: str) -> bool:
    """One of them; layers never change."""
    for layer in reversed(layers):
        etc, file = mode_of(f"{layer}/etc"), mode_of(f"{layer}/etc/{name}")
        if file or not (stat.S_ISDIR(etc) or etc == 0):
            return stat.S_ISREG(file) and stat.S_ISDIR(etc)
        if etc and any(one.endswith("overlay.opaque") for one in os.listxattr(f"{layer}/etc")):
            return False
    return False


def mode_of(path: str) -> int:
    """What is there, no link followed; 0 for nothing."""
    try:
        return os.lstat(path).st_mode
    except (FileNotFoundError, NotADirectoryError):
        return 0
