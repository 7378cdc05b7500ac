"""What a child does on its way into the image, step by step, up to exec(2).

What can be known before the clone is (`READY_VERBS`): those steps are lists of requests. The others
are carried out as they stand (`CHILD_VERBS`).
"""

from __future__ import annotations

import errno
import os
import signal
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from importlib import import_module
from typing import Any

from realrun.linux import (
    capabilities,
    cgroups,
    descriptors,
    mounts,
    namespaces,
    network,
    processes,
    seccomp,
    stacking,
)
from realrun.linux.request import Request
from realrun.runtime import ownfiles

# Ignored by Python, by our spawner, by `nohup`, by a shell for its background jobs; and the two
# that belong to the C library's threads, which alone can be asked for by their numbers only.
DEFAULT_AGAIN = tuple(
    map(int, (signal.SIGPIPE, signal.SIGXFSZ, signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, 32, 33))
)
ENGINE_FAILED = 125  # exit code as Docker gives it


def enter_user_namespace(uid: int, gid: int) -> None:
    """Become root inside: uid and gid are ours outside."""
    namespaces.map_to_root(uid, gid)
    os.setresgid(0, 0, 0)
    os.setresuid(0, 0, 0)


def join_cgroup(group: list[str], hide: bool) -> Iterator[Request]:
    """Enter the group; with `hide` it looks like the root of all groups from inside."""
    yield cgroups.join, group
    if hide:
        yield namespaces.unshare, "cgroup"


def change_root(root: str) -> None:
    """chroot(2): only "/" moves; everything else stays in sight."""
    os.chroot(root)
    os.chdir("/")


def become(
    uid: int, gid: int, groups: list[int] | None, keep: list[str] | None
) -> Iterator[Request]:
    """Switch to the user (and groups, unless None); `keep`: capabilities that root does not lose.

    In a session of its own, or it could write into our terminal as if somebody typed (TIOCSTI).
    """
    yield (processes.lead_session,)
    if keep is not None:
        yield capabilities.drop_bounding, capabilities.mask(keep)
    if groups is not None:
        yield set_groups, groups
    if uid:
        yield processes.hand_over_pipes, uid
    yield os.setresgid, gid, gid, gid
    yield os.setresuid, uid, uid, uid
    if keep is not None:
        yield capabilities.set_all, capabilities.mask(keep) if uid == 0 else 0


def set_groups(groups: list[int]) -> None:
    """The supplementary groups, where they may be set."""
    if can_set_groups():
        os.setgroups(groups)


def can_set_groups() -> bool:
    """False in a user namespace made without privilege (user_namespaces(7))."""
    return processes.read("/proc/self/setgroups") != b"deny\n"


def make_working_directory(cwd: str) -> Iterator[Request]:
    """The directory to work in, made if the image lacks it, as Docker does."""
    if cwd != "/":
        yield os.makedirs, cwd, 0o755, True


def execute(argv: list[str], env: dict[str, str], cwd: str) -> None:
    """Replace ourselves by the program."""
    descriptors.enter_directory(cwd)
    descriptors.use_own_null()
    processes.die_with_parent()  # again: the change of user took it back
    end_if_alone()
    processes.hear_signals(DEFAULT_AGAIN)
    processes.hear_all_signals()
    search_and_exec(argv, env)


def end_if_alone() -> None:
    """End if nobody reads our stamps any more: the parent died before it was a reason to die."""
    if not processes.is_read(3):
        os._exit(ENGINE_FAILED)


def search_and_exec(argv: list[str], env: dict[str, str]) -> None:
    """execve(2) along PATH. `os.execvpe` would import a module here, in the image."""
    if "/" in argv[0]:
        os.execve(argv[0], argv, env)
    denied = None
    for folder in env.get("PATH", "").split(":") if argv[0] else ():
        try:
            os.execve(f"{folder or '.'}/{argv[0]}", argv, env)
        except (FileNotFoundError, NotADirectoryError):
            continue
        except PermissionError as error:
            denied = error
    raise denied or FileNotFoundError(errno.ENOENT, "not found in the image's PATH", argv[0])


CHILD_VERBS: dict[str, Callable[..., None]] = {
    "user namespace": enter_user_namespace,
    "host files": mounts.bind_host,
    "chroot": change_root,
    "read-only root": mounts.make_root_read_only,
    "no new privileges": processes.give_up_new_privileges,
    "exec": execute,
}
READY_VERBS: dict[str, Callable[..., Iterable[Request]]] = {
    "join cgroup": join_cgroup,
    "keyring": lambda: [(processes.leave_keyring,)],
    "private mounts": lambda: [(mounts.make_private,)],
    "overlay": stacking.overlay,
    "proc": mounts.mount_proc,
    "sys": mounts.mount_sys,
    "dev": mounts.mount_dev,
    "mount own files": ownfiles.mount,
    "pivot root": lambda root: [(mounts.pivot_root, root)],
    "mask paths": mounts.mask_paths,
    "hostname": lambda name: [(namespaces.set_hostname, name)],
    "loopback": lambda: [(network.loopback_up,)],
    "working directory": make_working_directory,
    "seccomp": seccomp.load,
    "user": become,
}


def imported(verb: str) -> Callable[..., None]:
    """A verb that few plans have, `module:function`: loaded when a plan has it."""
    module, _, name = verb.partition(":")
    function: Callable[..., None] = getattr(import_module(module), name)
    return function


def ready(verb: str, args: dict[str, Any]) -> tuple[Request, ...]:
    """What the child carries out for one step."""
    if verb in READY_VERBS:
        return tuple(READY_VERBS[verb](**args))
    return ((partial(CHILD_VERBS.get(verb) or imported(verb), **args),),)
