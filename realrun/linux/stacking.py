"""The image's layers and a writable one as one tree: overlayfs.

Source: the kernel's `filesystems/overlayfs.rst`, mount(2).
"""

from __future__ import annotations

import os
from collections.abc import Iterator

from realrun.errors import UsageError
from realrun.linux import calls
from realrun.linux.calls import Call

MAX_LAYERS = 500  # fs/overlayfs/params.h: OVL_MAX_STACK
MAX_OPTIONS = 4095  # mount(2) hands the kernel at most one page of options


def overlay(
    layers: list[str], upper: str, work: str, target: str, rootless: bool
) -> Iterator[Call]:
    """Stack read-only `layers` (base first) under the writable `upper`, at `target`.

    `redirect_dir` is left off so that a layer's own attributes cannot point elsewhere;
    without privilege the marks of deletion live in `user.` attributes (`userxattr`).
    The options must fit one page: layers are named from the first one's folder, or by short links.
    """
    if len(layers) > MAX_LAYERS:
        raise UsageError(f"{len(layers)} layers are too many: overlayfs stacks {MAX_LAYERS}")
    common = os.path.dirname(layers[0])
    names = [relative(layer, common) for layer in layers]
    rest = f",upperdir={upper},workdir={work}"
    rest += ",userxattr" if rootless else ",redirect_dir=nofollow"
    if len("lowerdir=" + ":".join(names) + rest) > MAX_OPTIONS:
        common, names = short_names(layers, f"{work}.layers")
    options = f"lowerdir={':'.join(reversed(names))}{rest}"
    if len(options) > MAX_OPTIONS:
        raise UsageError(f"{len(layers)} layers do not fit the {MAX_OPTIONS} bytes of mount(2)")
    yield calls.chdir(common)
    yield calls.mount("overlay", target, "overlay", 0, options)
    yield calls.chdir(target)


def relative(path: str, folder: str) -> str:
    """A path as seen from a folder, which is its own as a rule."""
    own = f"{folder}/"
    return path.removeprefix(own) if path.startswith(own) else os.path.relpath(path, folder)


def short_names(layers: list[str], folder: str) -> tuple[str, list[str]]:
    """Links to the layers, named by their numbers, in a new folder."""
    os.mkdir(folder, 0o700)
    for number, layer in enumerate(layers):
        os.symlink(layer, f"{folder}/{number}")
    return folder, [str(number) for number in range(len(layers))]
