"""What a child does on its way into the image, step by step, up to exec(2).

What can be known before the clone is (`READY_VERBS`): those steps are lists of system calls, with a
function where one has to look first. The others are functions as a whole (`CHILD_VERBS`).
"""

from __future__ import annotations

import errno
import os
import signal
import stat
import struct
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache, partial
from importlib import import_module
from typing import Any, NamedTuple

from realrun.files.rights import is_root
from realrun.linux import (
    calls,
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
from realrun.linux.calls import NOT_FOUND, Call, Calls, Request
from realrun.runtime import ownfiles

# Ignored by Python, by our spawner, by `nohup`, by a shell for its background jobs; and the two
# that belong to the C library's threads, which alone can be asked for by their numbers only.
DEFAULT_AGAIN = tuple(
    map(int, (signal.SIGPIPE, signal.SIGXFSZ, signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, 32, 33))
)
ENGINE_FAILED = 125  # exit code as Docker gives it
STAMP = struct.Struct("<BHQQ")  # kind, step, wall ns, cpu ns
DONE, FAILED, ALIVE = 1, 2, 3
# Refused if nobody reads our stamps any more: the parent died before that was a reason to die.
IS_READ = Call("write", (3, STAMP.pack(ALIVE, 0, 0, 0), STAMP.size), "stamps")


class Streams(NamedTuple):
    """What is known of the program's input, output and errors."""

    nulls: Sequence[int] = ()  # which are the host's null device
    pipes: Sequence[int] = ()  # of output and errors, which are pipes


UNKNOWN = Streams()


def streams(fds: Sequence[int]) -> Streams:
    """What these three are."""
    modes = [os.fstat(fd).st_mode for fd in fds[:3]]
    nulls = [n for n, fd in enumerate(fds[:3]) if descriptors.is_null(fd)]
    return Streams(nulls, [n for n in (1, 2) if stat.S_ISFIFO(modes[n])])


def enter_user_namespace(uid: int, gid: int) -> None:
    """Become root inside: uid and gid are ours outside."""
    namespaces.map_to_root(uid, gid)
    os.setresgid(0, 0, 0)
    os.setresuid(0, 0, 0)


def join_cgroup(group: list[str], hide: bool) -> Iterator[Request]:
    """Enter the group; with `hide` it looks like the root of all groups from inside."""
    yield from cgroups.join(group)
    if hide:
        yield from namespaces.unshare("cgroup")


def change_root(root: str) -> Iterator[Call]:
    """chroot(2): only "/" moves; everything else stays in sight."""
    yield Call("chroot", (root,), root)
    yield calls.chdir("/")


def become(
    uid: int, gid: int, groups: Sequence[int] | None, keep: list[str] | None,
    pipes: Sequence[int] = (),
) -> Iterator[Request]:  # fmt: skip
    """Switch to the user (and groups, unless None); `keep`: capabilities that root does not lose.

    In a session of its own, or it could write into our terminal as if somebody typed (TIOCSTI). It
    may open its /dev/stdout and /dev/stderr again, as with runc, if they are `pipes`.
    """
    yield from processes.lead_session()
    if keep is not None:
        yield from capabilities.drop_bounding(capabilities.mask(keep))
    if groups is not None:
        yield from set_groups(groups)
    if uid:
        yield from (Call("fchown", (fd, uid, -1)) for fd in pipes)
    yield Call("setresgid", (gid, gid, gid), str(gid))
    yield Call("setresuid", (uid, uid, uid), str(uid))
    if keep is not None:
        yield from capabilities.set_all(capabilities.mask(keep) if uid == 0 else 0)


def set_groups(groups: Sequence[int]) -> Iterator[Request]:
    """The supplementary groups, where they may be set: whoever is root outside may."""
    if is_root():
        ids = struct.pack(f"<{len(groups)}I", *groups)
        yield Call("setgroups", (len(groups), ids), "supplementary groups")
    else:
        yield set_allowed_groups, groups


def set_allowed_groups(groups: Sequence[int]) -> None:
    """Not in a user namespace made without privilege (user_namespaces(7))."""
    if can_set_groups():
        os.setgroups(groups)


def can_set_groups() -> bool:
    """False in a user namespace made without privilege (user_namespaces(7))."""
    return processes.read("/proc/self/setgroups") != b"deny\n"


def make_working_directory(cwd: str) -> Iterator[Call]:
    """The directory to work in, made if the image lacks it, as Docker does."""
    parts = [part for part in cwd.split("/") if part]
    for count in range(1, len(parts) + 1):
        yield calls.mkdir("/" + "/".join(parts[:count]), exist_ok=True)
    if parts:
        yield calls.open_as(0, cwd, os.O_PATH | os.O_DIRECTORY)
        yield calls.close(0)


def execute(argv: list[str], env: dict[str, str], cwd: str, joined: bool) -> Iterator[Request]:
    """Replace ourselves by the program. `joined`: in an instance that was made by others."""
    if joined:
        yield descriptors.enter_by_name, cwd
        yield (descriptors.use_own_null,)
    else:
        yield from descriptors.enter_directory(cwd)
    yield processes.DIE_WITH_PARENT  # again: the change of user took it back
    yield IS_READ
    yield from processes.hear_signals(DEFAULT_AGAIN)
    yield processes.HEAR_ALL
    yield from search_and_exec(argv, env)


def end_if_alone() -> None:
    """End if nobody reads our stamps any more: the parent died before it was a reason to die."""
    if not processes.is_read(3):
        os._exit(ENGINE_FAILED)


def search_and_exec(argv: Sequence[str], env: Mapping[str, str]) -> Iterator[Call]:
    """execve(2) along PATH. `os.execvpe` would import a module here, in the image."""
    words = (*argv, None), (*(f"{name}={value}" for name, value in env.items()), None)
    if "/" in argv[0]:
        yield Call("execve", (argv[0], *words), argv[0])
        return
    elsewhere = (errno.ENOENT, errno.ENOTDIR, errno.EACCES)
    for folder in env.get("PATH", "").split(":") if argv[0] else ():
        yield Call("execve", (f"{folder or '.'}/{argv[0]}", *words), argv[0], elsewhere)
    yield Call(NOT_FOUND, (), argv[0])


CHILD_VERBS: dict[str, Callable[..., None]] = {"user namespace": enter_user_namespace}
READY_VERBS: dict[str, Callable[..., Iterable[Request]]] = {
    "join cgroup": join_cgroup,
    "unshare": namespaces.unshare,
    "keyring": processes.leave_keyring,
    "host files": mounts.bind_host,
    "chroot": change_root,
    "private mounts": mounts.make_private,
    "overlay": stacking.overlay,
    "proc": mounts.mount_proc,
    "sys": mounts.mount_sys,
    "dev": mounts.mount_dev,
    "mount own files": ownfiles.mount,
    "pivot root": mounts.pivot_root,
    "mask paths": mounts.mask_paths,
    "read-only root": mounts.make_root_read_only,
    "hostname": namespaces.set_hostname,
    "loopback": network.loopback_up,
    "working directory": make_working_directory,
    "seccomp": seccomp.load,
    "user": become,
    "no new privileges": processes.give_up_new_privileges,
    "exec": execute,
}
ABOUT_STREAMS = {"dev": "nulls", "user": "pipes"}  # what of them a verb wants to know
ONES_OWN = ("join cgroup", "overlay", "hostname", "exec")  # no two are alike


def imported(verb: str) -> Callable[..., None]:
    """A verb that few plans have, `module:function`: loaded when a plan has it."""
    module, _, name = verb.partition(":")
    function: Callable[..., None] = getattr(import_module(module), name)
    return function


def ready(verb: str, args: Mapping[str, Any], known: Streams = UNKNOWN) -> tuple[Request, ...]:
    """What the child carries out for one step of a program with these streams; `Calls`, if it is
    nothing but calls."""
    if verb not in READY_VERBS:
        return ((partial(CHILD_VERBS.get(verb) or imported(verb), **args),),)
    if verb in ABOUT_STREAMS:
        args = {**args, ABOUT_STREAMS[verb]: getattr(known, ABOUT_STREAMS[verb])}
    if verb in ONES_OWN:
        return listed(verb, args)
    return once(verb, tuple((name, frozen(value)) for name, value in args.items()))


@lru_cache(maxsize=128)
def once(verb: str, args: tuple[tuple[str, Any], ...]) -> tuple[Request, ...]:
    """What is the same for one instance as for another is made ready once."""
    return listed(verb, dict(args))


def listed(verb: str, args: Mapping[str, Any]) -> tuple[Request, ...]:
    """A ready verb's requests."""
    found = tuple(READY_VERBS[verb](**args))
    calls_alone = Calls(one for one in found if isinstance(one, Call))
    return calls_alone if len(calls_alone) == len(found) else found


def frozen(value: Any) -> Any:
    """A value that can be looked up."""
    return tuple(value) if isinstance(value, list) else value
