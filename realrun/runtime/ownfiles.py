"""Three files of a container are its engine's: /etc/hosts, /etc/hostname, /etc/resolv.conf.

They belong to the instance, not to the image, and are mounted over whatever the image has there, as
Docker does. What there has to be to mount on comes from an *init layer* below the image's, so that
nothing of it shows in the writable layer: neither `diff` nor `commit` nor a build's step sees it.

Source: hosts(5), hostname(5), resolv.conf(5); Docker's documentation, "Networking overview".
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from realrun.files.workspace import locked, workspace
from realrun.linux import inroot, mounts
from realrun.linux.request import Request

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


def init_layer(root: Path, build_step: bool) -> Path:
    """The layer with all that the engine mounts on; in BuildKit a step leaves /dev and the like."""
    return root / "layers" / ("init-build" if build_step else "init")


def make_init_layers(root: Path) -> None:
    """Make those that are missing."""
    for build_step in (False, True):
        layer = init_layer(root, build_step)
        if layer.is_dir():
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
                layer.parent.mkdir(mode=0o700, exist_ok=True)
                if not layer.is_dir():
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
    """Mount the files over the image's; a link of the image leads nowhere but into the image."""
    attributes = (mounts.MOUNT_ATTR_RDONLY if read_only else 0, 0)
    for name in names:
        yield inroot.bind_below, root, f"{folder}/etc/{name}", f"/etc/{name}", attributes
