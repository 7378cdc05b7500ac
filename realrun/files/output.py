"""Writing a file that somebody named: there whole, or as it was before.

Source: rename(2): a name leads to the old content or to the new one at any time.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from realrun.files.trail import Passing


@contextmanager
def whole_file(target: Path) -> Iterator[BinaryIO]:
    """A seekable file that takes the name `target` at the end, or goes away if that fails.

    It is for its owner only, as Docker makes archives.
    """
    made = target.with_name(f".{target.name[:200]}.{os.urandom(4).hex()}")
    fd = os.open(made, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(fd, "w+b") as out:
            yield out
            out.flush()
            os.fsync(out.fileno())
        os.replace(made, target)
    except BaseException:
        made.unlink(missing_ok=True)
        raise


@contextmanager
def passed_on(sink: BinaryIO, scratch: Path) -> Iterator[BinaryIO]:
    """A seekable file whose content goes to `sink`, a pipe perhaps, when it is complete."""
    with open(scratch / "archive", "w+b") as out:
        yield out
        out.seek(0)
        archive = Passing(out)
        while piece := archive.read(1 << 20):
            sink.write(piece)
        sink.flush()
