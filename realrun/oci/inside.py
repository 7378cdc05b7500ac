"""The child's other steps: its ids, names and rights, the wait for `start`, and the program.

Between `create` and `start` it waits at a named pipe, alone: without the engine's descriptors,
hidden from others, bound to nobody's life. `start` hears through another pipe how the exec went;
both were opened outside, so nothing is looked up in the image.

Source: OCI runtime-spec, `runtime.md`, "Lifecycle"; `config.md`, "Process"; runc's exec fifo.
"""

from __future__ import annotations

import errno
import os
import signal
import stat
from typing import Any

from realrun.errors import RealRunError
from realrun.linux import capabilities, descriptors, namespaces, processes, trees
from realrun.linux.calls import carry_out
from realrun.oci import hooks
from realrun.runtime import childsteps, users

# Descriptors of the child: 3 is the pipe of `spawner`, then what the creator passes on.
STAMPS, CREATOR, GO, TOLD, CONSOLE = 3, 4, 5, 6, 7
PASSWD_BYTES = 1 << 20


class NotRunnable(RealRunError):
    """The program cannot be executed; carries the errno, as Docker tells its cases apart."""

    def __init__(self, program: str, number: int, why: str) -> None:
        self.number = number
        super().__init__(f'exec: "{program}": {why}')


def wait_for_creator() -> None:
    """Until it has done its part, e.g. the id maps; it is gone if the pipe ends."""
    if not os.read(CREATOR, 1):
        os._exit(childsteps.ENGINE_FAILED)


def become_root() -> None:
    """Root of the new user namespace, whose maps the creator has written."""
    os.setresgid(0, 0, 0)
    os.setresuid(0, 0, 0)


def be_alone(session: bool, first: int) -> None:
    """Keep the creator's descriptors to ourselves, and have a session and a keyring of our own.

    Those from `first` on are needed no more. With a terminal the session is begun there.
    """
    descriptors.close_all(first, but=trees.given())
    descriptors.close_all_on_exec(STAMPS)
    processes.hide_memory()
    if session:
        os.setsid()
    carry_out(processes.leave_keyring())


def set_names(hostname: str, domainname: str) -> None:
    """The names of the UTS namespace."""
    if hostname:
        carry_out(namespaces.set_hostname(hostname))
    if domainname:
        carry_out(namespaces.set_domainname(domainname))


def set_sysctls(settings: dict[str, str]) -> None:
    """The kernel's settings of our namespaces, by the host's /proc: the image's may be a fake."""
    for name, value in settings.items():
        path = name if "/" in name else name.replace(".", "/")
        fd = os.open(os.path.normpath(f"/proc/sys/{path}"), os.O_WRONLY | os.O_CLOEXEC)
        try:
            os.write(fd, value.encode())
        finally:
            os.close(fd)


def container_hooks(kind: str, called: list[dict[str, Any]], state: dict[str, Any]) -> None:
    """Hooks in the container's namespaces; there its process has another number."""
    hooks.run_all(kind, called, state | {"pid": os.getpid()})


def enter_directory(cwd: str) -> None:
    """The working directory, made if it is missing."""
    os.makedirs(cwd, mode=0o755, exist_ok=True)
    descriptors.enter_by_name(cwd)


def home(uid: int) -> str:
    """The home of a user by the container's own /etc/passwd; `/` if it does not say."""
    return users.resolve(str(uid), rows).home


def rows(path: str) -> list[list[str]]:
    """A colon-separated file of the container; only a real file is read, and only its beginning."""
    try:
        fd = os.open(f"/{path}", os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
    except OSError:
        return []
    try:
        if not stat.S_ISREG(os.fstat(fd).st_mode):
            return []
        text = os.read(fd, PASSWD_BYTES).decode("utf-8", "surrogateescape")
    finally:
        os.close(fd)
    return [line.split(":") for line in text.splitlines()]


def find_program(argv: list[str], env: dict[str, str]) -> None:
    """Say now if there is nothing to execute, not only at `start`. The words are runc's."""
    program = argv[0]
    if "/" in program:
        directory = stat.S_ISDIR(os.stat(program).st_mode)
        if directory or not os.access(program, os.X_OK):
            raise NotRunnable(program, errno.EACCES, "permission denied")
        return
    denied = False
    for folder in env.get("PATH", "").split(":") if program else ():
        path = f"{folder or '.'}/{program}"
        if os.path.isfile(path):
            if os.access(path, os.X_OK):
                return
            denied = True
    if denied:
        raise NotRunnable(program, errno.EACCES, "permission denied")
    raise NotRunnable(program, errno.ENOENT, "executable file not found in $PATH")


def become(user: dict[str, Any], sets: dict[str, int] | None) -> None:
    """Switch to the user with exactly these capabilities; None leaves them to the kernel."""
    if sets is not None:
        carry_out(capabilities.drop_bounding(sets["bounding"]))
        carry_out(capabilities.keep_across_users())
    if childsteps.can_set_groups():
        os.setgroups(list(dict.fromkeys(user["additionalGids"])))
    os.setresgid(user["gid"], user["gid"], user["gid"])
    os.setresuid(user["uid"], user["uid"], user["uid"])
    if sets is not None:
        names = ("effective", "permitted", "inheritable", "ambient")
        carry_out(capabilities.set_each(*(sets[name] for name in names)))
    os.umask(user["umask"])
    processes.hide_memory()  # again: the change of user may have taken it back


def outlive_creator() -> None:
    """The creator ends after this; if it has ended before, so do we."""
    processes.outlive_parent()
    childsteps.end_if_alone()


def wait_for_start() -> None:
    """Until `start` says go; from here on our stamps go to it."""
    os.close(CREATOR)
    os.read(GO, 1)
    os.dup2(TOLD, STAMPS, inheritable=False)
    os.close(GO)
    os.close(TOLD)


def execute(argv: list[str], env: dict[str, str]) -> None:
    """Replace ourselves by the program, with nothing ignored or blocked."""
    carry_out(processes.hear_signals(childsteps.DEFAULT_AGAIN))
    signal.pthread_sigmask(signal.SIG_SETMASK, [])
    if "HOME" not in env:
        env = env | {"HOME": home(os.getuid())}
    descriptors.use_own_null()
    carry_out(childsteps.search_and_exec(argv, env))
