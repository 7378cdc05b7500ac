"""Programs of others that are called at fixed points of a container's life.

Used by the engine and by the child on its way, so it is light, and imports nothing late.

Source: OCI runtime-spec, `config.md`, "POSIX-platform Hooks"; `runtime.md`, "Lifecycle".
"""

from __future__ import annotations

import json
import os
import select
import signal
import time
from collections.abc import Mapping, Sequence
from typing import Any

from realrun.errors import RealRunError

LONGEST = 4096  # bytes of a failed hook's output that are shown
STEP_S = 0.01


class HookFailed(RealRunError):
    """A hook ended with another code than 0, or not in its time."""


def run_all(kind: str, hooks: Sequence[Mapping[str, Any]], state: Mapping[str, Any]) -> None:
    """Call hooks in their order, each with the state as JSON at its input.

    The first that fails ends it; raises HookFailed with what it wrote.
    """
    for at, hook in enumerate(hooks):
        run(f"hook {kind}[{at}] {hook['path']}", hook, json.dumps(state).encode())


def run(name: str, hook: Mapping[str, Any], state: bytes) -> None:
    """Call one hook: its arguments and its environment are as given and nothing else."""
    told, tell = os.pipe2(os.O_CLOEXEC)
    source = os.memfd_create("state")
    os.write(source, state)
    os.lseek(source, 0, os.SEEK_SET)
    pid = os.fork()
    if pid == 0:
        become(hook, source, tell)
    os.close(source)
    os.close(tell)
    try:
        output, code = watch(pid, told, hook.get("timeout"))
    finally:
        os.close(told)
    if code is None:
        raise HookFailed(f"{name}: still running after {hook['timeout']} s, so it was killed")
    if code:
        said = output.decode("utf-8", "replace").strip()
        raise HookFailed(f"{name}: ended with {code}" + (f": {said}" if said else ""))


def become(hook: Mapping[str, Any], source: int, tell: int) -> None:
    """The hook, in a process of its own; never returns."""
    try:
        for number, fd in ((0, source), (1, tell), (2, tell)):
            os.dup2(fd, number)
        signal.pthread_sigmask(signal.SIG_SETMASK, [])
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)
        env = dict(entry.partition("=")[::2] for entry in hook.get("env", ()))
        os.execve(hook["path"], hook.get("args") or [hook["path"]], env)
    except BaseException as error:
        os.write(2, str(error).encode("utf-8", "replace"))
    finally:
        os._exit(127)


def watch(pid: int, told: int, timeout_s: int | None) -> tuple[bytes, int | None]:
    """What the hook said, and its exit code: negative for a signal, None if its time was up."""
    output, deadline = b"", None if timeout_s is None else time.monotonic() + timeout_s
    listening = [told]
    while True:
        ended, status = os.waitpid(pid, os.WNOHANG)
        if select.select(listening, [], [], 0 if ended else STEP_S)[0]:
            data = os.read(told, 1 << 16)
            output, listening = (output + data)[-LONGEST:], listening if data else []
        if ended:
            return output, os.waitstatus_to_exitcode(status)
        if deadline is not None and time.monotonic() > deadline:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
            return output, None
