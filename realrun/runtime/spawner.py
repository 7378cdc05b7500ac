"""Carry out a plan: the engine's steps here, the child's steps in a clone of this process.

Everything is imported before the first clone, and little of it: after the change of root an import
would run the *image's* code with our rights, and whatever is loaded every clone carries along.
"""

from __future__ import annotations

import errno
import fcntl
import os
import signal
import struct
import sys
import time
from collections.abc import Callable
from importlib import import_module
from typing import Any, NamedTuple

from realrun.errors import RealRunError, in_words
from realrun.linux import capabilities, cgroups, mounts, namespaces, network, processes, seccomp
from realrun.runtime import ownfiles
from realrun.runtime.joining import born
from realrun.runtime.plan import Stamp

STAMP = struct.Struct("<BHQQ")  # kind, step, wall ns, cpu ns
DONE, FAILED = 1, 2
# Ignored by Python, by our spawner, by `nohup`, by a shell for its background jobs; and the two
# that belong to the C library's threads.
DEFAULT_AGAIN = (signal.SIGPIPE, signal.SIGXFSZ, signal.SIGHUP, signal.SIGINT, signal.SIGQUIT)
THREADS_OWN = (32, 33)
NOT_FOUND, NOT_EXECUTABLE, ENGINE_FAILED = 127, 126, 125  # exit codes as Docker gives them


class Launched(NamedTuple):
    """A child on its way into the image."""

    pid: int
    stamps_fd: int  # the child's stamps; its end means that the program runs
    lock_fd: int  # held as long as somebody watches over the instance
    cpu_ns: int  # what this process had used when it was asked
    stamps: list[Stamp]  # the engine's own steps


class StepFailed(RealRunError):
    """A step of the plan was refused; names the step."""


def stamp(step: int) -> Stamp:
    """Now, for the end of `step`, as the calling process sees it."""
    return Stamp(step, time.monotonic_ns(), time.process_time_ns())


# --- the engine's steps ---------------------------------------------------------------------------


def make_directories(folder: str, names: list[str]) -> None:
    """The instance's folders."""
    for name in names:
        os.mkdir(f"{folder}/{name}")


def make_cgroup(name: str, wanted: dict[str, Any]) -> None:
    """Account for and limit what the instance uses."""
    cgroups.create(cgroups.detect(), name, wanted)


def concatenate(sources: list[str], target: str) -> None:
    """One file of several, as the kernel takes initial ram disks."""
    with open(target, "wb") as out:
        for source in sources:
            with open(source, "rb") as part:
                while os.sendfile(out.fileno(), part.fileno(), None, 1 << 30):
                    pass


ENGINE_VERBS: dict[str, Callable[..., None]] = {
    "directories": make_directories,
    "cgroup": make_cgroup,
    "concatenate": concatenate,
    "own files": ownfiles.write,
}


def launch(plan: dict[str, Any], fds: list[int]) -> Launched:
    """Carry out the engine's steps, clone, and let the child carry out its own.

    `plan` holds `engine` and `child` steps as (place, verb, args), `clone` (the place of that step)
    and what `born` wants to know. The first of `fds` is the instance's lock; the next become the
    program's stdin, stdout, stderr and, from there on, its descriptors 4, 5, ... All stay open.
    """
    cpu_ns, stamps = time.process_time_ns(), []
    steps = [*plan["engine"], *plan["child"]]
    verbs = ENGINE_VERBS | CHILD_VERBS | {v: imported(v) for _, v, _ in steps if ":" in v}
    for place, verb, args in plan["engine"]:
        attempt(verbs[verb], args, verb)
        stamps.append(stamp(place))
    made = [lock_fd := fcntl.fcntl(fds[0], fcntl.F_DUPFD_CLOEXEC, 3)]
    try:
        reader, writer = os.pipe2(os.O_CLOEXEC)
        made += [reader, writer]
        pid = born(plan, lock_fd, fds[2:4])
    except BaseException:
        for fd in made:
            os.close(fd)
        raise
    if pid == 0:
        run_child(plan, verbs, fds[1:], writer)
    os.close(writer)
    stamps.append(stamp(plan["clone"]))
    return Launched(pid, reader, lock_fd, cpu_ns, stamps)


def imported(verb: str) -> Callable[..., None]:
    """A verb that few plans have, `module:function`: loaded when a plan has it."""
    module, _, name = verb.partition(":")
    function: Callable[..., None] = getattr(import_module(module), name)
    return function


def attempt(verb: Any, args: dict[str, Any], name: str) -> None:
    """Do one step; a plain OSError gets the step's name."""
    try:
        verb(**args)
    except OSError as error:
        raise StepFailed(f"step {name!r}: {error}") from error


# --- the child's steps ----------------------------------------------------------------------------


def enter_user_namespace(uid: int, gid: int) -> None:
    """Become root inside: uid and gid are ours outside."""
    namespaces.map_to_root(uid, gid)
    os.setresgid(0, 0, 0)
    os.setresuid(0, 0, 0)


def join_cgroup(group: list[str], hide: bool) -> None:
    """Enter the group; with `hide` it looks like the root of all groups from inside."""
    cgroups.join(group)
    if hide:
        namespaces.unshare("cgroup")


def change_root(root: str) -> None:
    """chroot(2): only "/" moves; everything else stays in sight."""
    os.chroot(root)
    os.chdir("/")


def become(uid: int, gid: int, groups: list[int] | None, keep: list[str] | None) -> None:
    """Switch to the user (and groups, unless None); `keep`: capabilities that root does not lose.

    In a session of its own, or it could write into our terminal as if somebody typed (TIOCSTI).
    """
    if os.getsid(0) != os.getpid():
        os.setsid()
    if keep is not None:
        capabilities.drop_bounding(capabilities.mask(keep))
    if groups is not None and can_set_groups():
        os.setgroups(groups)
    if uid:
        processes.hand_over_pipes(uid)
    os.setresgid(gid, gid, gid)
    os.setresuid(uid, uid, uid)
    if keep is not None:
        capabilities.set_all(capabilities.mask(keep) if uid == 0 else 0)


def can_set_groups() -> bool:
    """False in a user namespace made without privilege (user_namespaces(7))."""
    try:
        with open("/proc/self/setgroups", encoding="utf-8") as file:
            return file.read().strip() == "allow"
    except FileNotFoundError:
        return True


def make_working_directory(cwd: str) -> None:
    """The directory to work in, made if the image lacks it, as Docker does."""
    os.makedirs(cwd, mode=0o755, exist_ok=True)


def execute(argv: list[str], env: dict[str, str], cwd: str) -> None:
    """Replace ourselves by the program."""
    os.chdir(cwd)
    processes.die_with_parent()  # again: the change of user took it back
    end_if_alone()
    for number in DEFAULT_AGAIN:
        signal.signal(number, signal.SIG_DFL)
    for hidden in THREADS_OWN:
        processes.hear_signal(hidden)
    signal.pthread_sigmask(signal.SIG_SETMASK, [])
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
    "join cgroup": join_cgroup,
    "keyring": processes.leave_keyring,
    "private mounts": mounts.make_private,
    "overlay": mounts.overlay,
    "proc": mounts.mount_proc,
    "sys": mounts.mount_sys,
    "dev": mounts.mount_dev,
    "host files": mounts.bind_host,
    "mount own files": ownfiles.mount,
    "pivot root": mounts.pivot_root,
    "chroot": change_root,
    "mask paths": mounts.mask_paths,
    "hostname": namespaces.set_hostname,
    "loopback": network.loopback_up,
    "working directory": make_working_directory,
    "read-only root": mounts.make_root_read_only,
    "seccomp": seccomp.load,
    "user": become,
    "no new privileges": processes.give_up_new_privileges,
    "exec": execute,
}


def run_child(
    plan: dict[str, Any], verbs: dict[str, Callable[..., None]], fds: list[int], writer: int
) -> None:
    """The child's life up to exec(2). Never returns, and never lets an exception out."""
    place, report = plan["clone"], writer
    sys.meta_path.clear()  # no import from here on: it would find the image's modules
    try:
        processes.die_with_parent()
        signal.pthread_sigmask(signal.SIG_SETMASK, [])  # our engine holds them back meanwhile
        os.umask(0o022)  # Docker's: the caller's has no say in what an image gets
        arrange_descriptors(fds, writer)
        report = 3
        os.write(3, STAMP.pack(DONE, *stamp(plan["clone"])))
        for place, verb, args in plan["child"]:
            verbs[verb](**args)
            os.write(3, STAMP.pack(DONE, *stamp(place)))
    except BaseException as error:
        number = getattr(error, "number", None) or getattr(error, "errno", None) or 0
        text = in_words(error).encode("utf-8", "replace")
        os.write(report, STAMP.pack(FAILED, place, number, 0) + text)
    finally:
        os._exit(ENGINE_FAILED)


def arrange_descriptors(fds: list[int], writer: int) -> None:
    """0-2 are the program's, 3 our pipe, then what the plan passes on; the rest closes at exec.

    Each source first moves out of the way of all targets, so none is overwritten too early.
    """
    targets = {0: fds[0], 1: fds[1], 2: fds[2], 3: writer}
    targets |= {4 + n: fd for n, fd in enumerate(fds[3:])}
    away = {to: fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, len(targets)) for to, fd in targets.items()}
    for target, source in away.items():
        os.dup2(source, target, inheritable=target != 3)
    processes.close_all_on_exec(len(targets))


# --- what the child reports -----------------------------------------------------------------------


def parse_stamps(data: bytes) -> tuple[list[Stamp], tuple[int, int, str] | None]:
    """The child's stamps, and the failure (step, errno, text) if there was one."""
    stamps: list[Stamp] = []
    for start in range(0, len(data), STAMP.size):
        kind, step, at_ns, cpu_ns = STAMP.unpack_from(data, start)
        if kind == FAILED:
            text = data[start + STAMP.size :].decode("utf-8", "replace")
            return stamps, (step, at_ns, text)
        stamps.append(Stamp(step, at_ns, cpu_ns))
    return stamps, None


def exit_code_of(number: int, verb: str) -> int:
    """The exit code for a child that failed at `verb`: 127, 126 or the engine's 125."""
    if verb != "exec":
        return ENGINE_FAILED
    return NOT_FOUND if number == errno.ENOENT else NOT_EXECUTABLE
