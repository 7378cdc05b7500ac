"""`exec`: one more process in a container, with rights and limits of its own.

Nothing is made, so nothing is removed: it enters the namespaces and the groups of the container's
process and becomes the program.

Source: setns(2); runc-exec(8); OCI runtime-spec, `config.md`, "Process".
"""

from __future__ import annotations

import os
import select
import signal
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from realrun.errors import RealRunError, UsageError, WrongState
from realrun.image import documents
from realrun.linux import namespaces, processes
from realrun.oci import bundle, creating, inside, planning
from realrun.oci.bundle import Config
from realrun.oci.process import child, exec_steps, here, process_steps, said, terminal_steps
from realrun.oci.state import CREATED, RUNNING, Container
from realrun.runtime import spawner
from realrun.runtime.plan import ENGINE, Step

CONSOLE = inside.CREATOR + 1  # no pipe to wait for `start` at


def process_of(file: str) -> Config:
    """What is to be run, out of a file of JSON. Raises RealRunError."""
    try:
        process = documents.load(Path(file).read_bytes(), file)
    except OSError as error:
        raise UsageError(f"--process {file}: {error.strerror}") from None
    bundle.check_process(process)
    return process


def process_like(container: Container, words: Sequence[str], wishes: Mapping[str, Any]) -> Config:
    """The container's own process with another command, as the command line has it."""
    process = dict(container.config["process"])
    process |= {"args": list(words), "terminal": wishes["tty"]}
    process["cwd"] = wishes["cwd"] or process["cwd"]
    process["env"] = [*process.get("env", ()), *wishes["env"]]
    if wishes["user"]:
        parts = wishes["user"].split(":")
        if len(parts) > 2 or not all(part.isdigit() for part in parts):
            raise UsageError(f"--user wants UID[:GID]; got {wishes['user']!r}")
        user = {"uid": int(parts[0])} | ({"gid": int(parts[1])} if len(parts) > 1 else {})
        process["user"] = process.get("user", {}) | user
    bundle.check_process(process)
    return process


def execute(container: Container, process: Config, console: str, pid_file: str) -> int:
    """Start it; returns its number, as a child of ours, when the program runs."""
    if (now := container.status) not in (CREATED, RUNNING):
        raise WrongState(f"cannot exec in {container.id}: it is {now}, not {RUNNING}")
    steps = plan(container, process, bool(console))
    with creating.connected(console) if console else open(os.devnull, "rb") as terminal:
        launched = launch(container, steps, process, terminal.fileno())
    try:
        hear(steps, process, launched.stamps_fd)
        if pid_file:
            creating.write_pid(pid_file, launched.pid)
    except BaseException:
        end(launched.pid)
        raise
    return launched.pid


def end(pid: int) -> None:
    """Kill a child of ours and take in its end: unreaped it would keep its PID namespace alive."""
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)


def plan(container: Container, process: Config, console: bool) -> list[Step]:
    """The way in."""
    config = container.config | {"process": process}
    kinds = namespaces.foreign(container.pid)
    joined = {"namespaces": kinds, "group": planning.folders(container)}
    args = {"namespaces": [], "join": joined}
    steps = [Step(planning.CLONE, "a process inside", ENGINE, planning.CLONE, args)]
    if "mnt" not in kinds:
        steps.append(
            child("chroot", "enter the root", "chroot", root=f"/proc/{container.pid}/root")
        )
    steps.append(child("limits", "wait until the engine has set its limits",
                       here("inside:wait_for_creator")))  # fmt: skip
    if "user" in kinds:
        steps.append(child("root inside", "become root of the user namespace",
                           here("inside:become_root")))  # fmt: skip
    terminal = bool(process.get("terminal"))
    return [
        *steps,
        child("alone", "a session of its own", here("inside:be_alone"),
              session=not terminal,
              first=CONSOLE + terminal),
        *terminal_steps(process, console, "/dev", fd=CONSOLE, shown=False),
        *process_steps(config),
        child("ready", "let the engine go", here("inside:outlive_creator")),
        *planning.late_filter(config),
        *exec_steps(process),
    ]  # fmt: skip


def launch(
    container: Container, steps: Sequence[Step], process: Config, terminal: int
) -> spawner.Launched:
    """Clone it inside, set its limits, let it go on."""
    reader, go = os.pipe2(os.O_CLOEXEC)
    pidfd = processes.pidfd(container.pid)
    try:
        launched = spawner.launch(creating.request(steps), [pidfd, 0, 1, 2, reader, terminal])
        try:
            creating.set_limits(launched.pid, process)
            creating.set_score(launched.pid, process)
        except BaseException:
            end(launched.pid)
            raise
        os.write(go, b"1")
    finally:
        for fd in (reader, go, pidfd):
            os.close(fd)
    os.close(launched.lock_fd)
    return launched


def hear(steps: Sequence[Step], process: Config, stamps_fd: int) -> None:
    """Listen until it has become the program. Raises RealRunError with the step that failed."""
    with open(stamps_fd, "rb") as listening:
        select.select([listening], [], [])
        _, failure = spawner.parse_stamps(listening.read())
    if failure:
        raise RealRunError(said([step.name for step in steps], process, failure))
