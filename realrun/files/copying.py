"""A directory's content in another one, with all that a file is beside its bytes.

Light, for it is done inside a container on its way: by descriptors, so that no link is followed.
Another container may be at work in the target, if both have the same volume.

Source: inode(7), xattr(7).
"""

from __future__ import annotations

import errno
import os
import stat

from realrun.files.remove import DIRECTORY_FLAGS, list_directory

KEPT_XATTRS = ("user.", "security.capability", "system.posix_acl_")
FILE_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC
NEW_FLAGS = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
PIECE = 1 << 30


def copy_directory(source: int, target: int) -> None:
    """Make the empty directory `target` what `source` is: content, owner, mode, attributes, times.

    Names of one file stay names of one file.
    """
    umask = os.umask(0)
    try:
        Copying(target).directory(source, target, b"")
    finally:
        os.umask(umask)


class Copying:
    """One copy on its way: which files with several names are there already."""

    def __init__(self, top: int) -> None:
        self.top = top
        self.linked: dict[tuple[int, int], bytes] = {}

    def directory(self, source: int, target: int, path: bytes) -> None:
        """The content, then the looks: times change as long as something is added."""
        for name in list_directory(source):
            self.entry(name, source, target, path + name)
        looks(source, target)

    def entry(self, name: bytes, source: int, target: int, path: bytes) -> None:
        """Anything, by its kind."""
        status = os.stat(name, dir_fd=source, follow_symlinks=False)
        if stat.S_ISDIR(status.st_mode):
            os.mkdir(name, 0o700, dir_fd=target)
            self.opened(name, source, target, path + b"/", DIRECTORY_FLAGS, DIRECTORY_FLAGS)
        elif status.st_nlink > 1 and (first := self.linked.get((status.st_dev, status.st_ino))):
            self.link(first, name, target)
        else:
            self.linked[status.st_dev, status.st_ino] = path
            if stat.S_ISREG(status.st_mode):
                self.opened(name, source, target, path, FILE_FLAGS, NEW_FLAGS)
            else:
                special(name, source, target, status)

    def link(self, first: bytes, name: bytes, target: int) -> None:
        """One more name for a file that is here already, found directory by directory."""
        *folders, old = first.split(b"/")
        fd = os.dup(self.top)
        try:
            for folder in folders:
                inner = os.open(folder, DIRECTORY_FLAGS, dir_fd=fd)
                os.close(fd)
                fd = inner
            os.link(old, name, src_dir_fd=fd, dst_dir_fd=target, follow_symlinks=False)
        finally:
            os.close(fd)

    def opened(
        self, name: bytes, source: int, target: int, path: bytes, flags: int, new_flags: int
    ) -> None:
        """A directory or a file, between two descriptors."""
        inner = os.open(name, flags, dir_fd=source)
        try:
            made = os.open(name, new_flags, 0o600, dir_fd=target)
            try:
                if flags == DIRECTORY_FLAGS:
                    self.directory(inner, made, path)
                else:
                    while os.sendfile(made, inner, None, PIECE):
                        pass
                    looks(inner, made)
            finally:
                os.close(made)
        finally:
            os.close(inner)


def special(name: bytes, source: int, target: int, status: os.stat_result) -> None:
    """A link, a fifo or a device."""
    if stat.S_ISLNK(status.st_mode):
        os.symlink(os.readlink(name, dir_fd=source), name, dir_fd=target)
    elif stat.S_ISSOCK(status.st_mode):
        return  # nobody listens at the copy of one
    else:
        os.mknod(name, status.st_mode, status.st_rdev, dir_fd=target)  # with its mode at once
    os.chown(name, status.st_uid, status.st_gid, dir_fd=target, follow_symlinks=False)
    times = (status.st_atime_ns, status.st_mtime_ns)
    os.utime(name, ns=times, dir_fd=target, follow_symlinks=False)


def looks(source: int, target: int) -> None:
    """Owner, then mode (a change of owner takes setuid away), attributes, times."""
    status = os.fstat(source)
    os.fchown(target, status.st_uid, status.st_gid)
    os.fchmod(target, stat.S_IMODE(status.st_mode))
    for name in attributes(source):
        os.setxattr(target, name, os.getxattr(source, name))
    os.utime(target, ns=(status.st_atime_ns, status.st_mtime_ns))


def attributes(fd: int) -> list[str]:
    """The names of the extended attributes that are kept."""
    try:
        return [name for name in os.listxattr(fd) if name.startswith(KEPT_XATTRS)]
    except OSError as error:
        if error.errno == errno.ENOTSUP:
            return []
        raise
