"""A writer of trees that somebody else may be changing: a container that runs."""

from __future__ import annotations

import errno

from realrun.image.diff import Found, Writer

GONE = (errno.ENOENT, errno.EINVAL)  # EINVAL: a link that is none any more (readlink(2))


class Patient(Writer):
    """Writes a tree that somebody else may be changing."""

    def thing(self, found: Found) -> None:
        """The same, unless it has gone meanwhile."""
        try:
            super().thing(found)
        except OSError as error:
            if error.errno not in GONE:
                raise
            status = found.status
            if self.names.get((status.st_dev, status.st_ino)) == found.path:
                del self.names[status.st_dev, status.st_ino]
