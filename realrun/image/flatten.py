"""A stack of layers becomes one archive, as it looks from above: the form of `docker export`.

What the upper layers hide is not in it, nor are marks that hide; sockets are left out.

Source: docs.docker.com, `docker container export`; Linux kernel, overlayfs.rst.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

from realrun.files.remove import DIRECTORY_FLAGS
from realrun.image.diff import Found, Writer, lend, set_mode
from realrun.image.merged import Merged, Node, children, mountable, unlocked
from realrun.image.tarwrite import END


def write(layers: Sequence[Path], out: BinaryIO) -> None:
    """The directories, base first; a container's writable layer is the last of them.

    A directory comes before what is in it, names in the order of their bytes. Raises BadImage if
    a layer points at another in overlay's own way, and OSError for what cannot be read.
    """
    writer = Writer(out)
    for node in below(Merged(mountable(layers)).root):
        put(writer, node)
    out.write(END)
    out.flush()


def below(top: Node) -> Iterator[Node]:
    """Everything in a directory of the stack, at any depth."""
    with unlocked(top):
        for node in children(top):
            yield node
            if node.is_directory:
                yield from below(node)


def put(writer: Writer, node: Node) -> None:
    """One member; a file that its owner may not read is made readable meanwhile."""
    parent = os.open(node.path.parent, DIRECTORY_FLAGS)
    try:
        name = os.fsencode(node.path.name)
        found = Found(os.fsencode("/".join(node.parts)), name, parent, node.status)
        lent = lend(found)
        try:
            writer.thing(found)
        finally:
            if lent >= 0:
                set_mode(found, lent)
    finally:
        os.close(parent)
