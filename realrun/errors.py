"""What can go wrong, as one small tree.

    RealRunError            one line for the user: what, where, what was expected, the way out
    ├── UsageError          the command line or an argument makes no sense
    │   └── BadOption       the value of an option cannot be read
    ├── NoSuchImage         a reference that the store does not hold
    ├── NoSuchContainer     a name or id that no container has
    ├── NoSuchVolume        a name that no volume has
    ├── BadImage            an image, layer or archive that breaks the OCI image specification
    ├── BadBundle           a bundle whose config.json breaks the OCI runtime specification
    ├── BadTable            a table of measurements that breaks its contract, data/README.md
    ├── WrongState          a container that is in no state for the operation
    ├── DockerfileError     a Dockerfile that does not parse or does not build; names file and line
    ├── KernelRefused       a system call failed; names the call, the object and the remedy
    ├── Missing             this machine lacks something; names it and how to get it
    └── GuestFailed         a virtual machine did not come up, hung, or died

Only the command line turns an error into an exit code (Docker's: 125 in `run`, else 1).
"""

from __future__ import annotations

import errno
import os


def in_words(error: BaseException) -> str:
    """What went wrong; an error of the system without its number.

    >>> in_words(FileNotFoundError(errno.ENOENT, "No such file or directory", "a"))
    'a: No such file or directory'
    """
    if not isinstance(error, OSError) or error.strerror is None:
        return str(error)
    on = f"{os.fsdecode(error.filename)}: " if isinstance(error.filename, str | bytes) else ""
    return f"{on}{error.strerror}{HINTS.get(error.errno or 0, '')}"


HINTS = {
    errno.ENOSPC: "; `realrun image df` says what takes how much",
    errno.EMFILE: "; see `ulimit -n`",
    errno.EAGAIN: "; too many processes? See `ulimit -u` and the pids cgroup",
}


class RealRunError(Exception):
    """The root: its text is one complete line that a user can act on.

    What an image or an archive calls its things may be in it: a control character, which a terminal
    would obey, is shown as its escape sequence.
    """

    def __str__(self) -> str:
        text = super().__str__()
        signs = {one for one in text if not one.isprintable()} - {"\n"}
        return text.translate({ord(one): one.encode("unicode_escape").decode() for one in signs})


class UsageError(RealRunError):
    """An argument makes no sense; the text says which values would."""


class BadOption(UsageError):
    """The value of an option cannot be read; 125 in every verb, as in Docker."""

    code = 125


class NoSuchImage(RealRunError):
    """The store holds no image of that name."""


class NoSuchContainer(RealRunError):
    """No container has that name or id."""


class NoSuchVolume(RealRunError):
    """There is no volume of that name."""


class BadImage(RealRunError):
    """An image, layer or archive is damaged, hostile, or not OCI."""


class BadBundle(RealRunError):
    """A bundle's config.json cannot be read or breaks the OCI runtime specification."""


class BadTable(RealRunError):
    """A table of measurements breaks the contract; the text says where, and what was expected."""


class WrongState(RealRunError):
    """A container is in no state for the operation; the text names both."""


class Missing(RealRunError):
    """The machine lacks something; the text says what and how to get it."""


class GuestFailed(RealRunError):
    """A virtual machine did not come up, hung past its deadline, or died."""


class DockerfileError(RealRunError):
    """A Dockerfile is wrong at a line; the text is `FILE:LINE: what was expected`."""

    def __init__(self, file: str, line: int, message: str, source: str = "") -> None:
        self.file, self.line = file, line
        shown = f"\n    {line} | {source}" if source else ""
        super().__init__(f"{file}:{line}: {message}{shown}")


USERNS_HINT = (
    "unprivileged user namespaces seem to be switched off here; `realrun doctor` says by what"
)


class KernelRefused(RealRunError):
    """A system call failed: which, on what, why, and what to try.

    >>> str(KernelRefused("chroot", "/nowhere", errno.ENOENT))
    'chroot(/nowhere): No such file or directory'
    """

    REMEDY = {
        ("clone3", errno.EPERM): USERNS_HINT,
        ("clone3", errno.ENOSPC): "raise /proc/sys/user/max_*_namespaces",
        ("clone3", errno.EAGAIN): "too many processes; see `ulimit -u` and the pids cgroup",
        ("keyctl", errno.EDQUOT): "each container has a keyring; raise kernel.keys.maxkeys",
        ("mount", errno.EPERM): USERNS_HINT,
        ("mount_setattr", errno.ENOSYS): "a read-only mount takes Linux 5.12 or newer",
        ("mount_setattr", errno.EINVAL): "this file system cannot show files with other owners",
        ("setresuid", errno.EINVAL): "that user id is not mapped into this user namespace",
        ("setresgid", errno.EINVAL): "that group id is not mapped into this user namespace",
    }

    def __init__(self, call: str, on: str, number: int) -> None:
        self.call, self.on, self.number = call, on, number
        hint = self.REMEDY.get((call, number))
        super().__init__(f"{call}({on}): {os.strerror(number)}" + (f"; {hint}" if hint else ""))
