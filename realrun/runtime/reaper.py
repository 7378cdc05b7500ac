"""`--init`: a first process that does what is expected of process 1, which few programs do.

The child splits in two. The parent stays process 1: it passes every signal on, takes in orphans so
that no zombie stays, and ends with the program, with the program's exit code. The child becomes the
program. It is the engine's own code that stays, without descriptors and out of everybody's sight;
nothing is imported here.

Source: pid_namespaces(7), "The namespace init process"; the program tini, which Docker uses.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Set

from realrun.linux import descriptors, processes

NAME = b"realrun-init"
# Faults of our own, which must kill us, and what a terminal sends to who is in the background.
OURS = {
    signal.SIGABRT, signal.SIGBUS, signal.SIGFPE, signal.SIGILL, signal.SIGSEGV, signal.SIGSYS,
    signal.SIGTRAP, signal.SIGKILL, signal.SIGSTOP, signal.SIGTTIN, signal.SIGTTOU,
}  # fmt: skip
STAMPS = 3  # the pipe to whoever watches; from here on no descriptor is the program's


def split(argv: list[str]) -> None:
    """Returns in the child; the parent becomes the first process for good."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)  # ignored ones would not be told of
    heard = signal.valid_signals() - OURS
    signal.pthread_sigmask(signal.SIG_BLOCK, heard | {signal.SIGTTIN, signal.SIGTTOU})
    processes.hide_memory()  # before there is anybody to look; what is executed begins anew
    program = os.fork()
    if program:
        be_first(program, argv, heard)
    os.setpgid(0, 0)
    if os.isatty(0):
        os.tcsetpgrp(0, os.getpid())


def be_first(program: int, argv: list[str], heard: Set[int]) -> None:
    """Wait for everything; end with the program. Whatever happens, nobody gets out of here."""
    code = 125
    try:
        processes.die_with_parent()  # again: the change of user took it back
        if not processes.is_read(STAMPS):
            return  # the parent died before it was a reason to die
        descriptors.close_all(STAMPS)
        name(argv)
        while True:
            number = signal.sigwaitinfo(heard).si_signo
            if number != signal.SIGCHLD:
                pass_on(program, number)
            elif (ended := reap(program)) is not None:
                code = ended
                break
    finally:
        os._exit(code)


def pass_on(program: int, number: int) -> None:
    """The program may have ended a moment ago, or have become somebody else by setuid."""
    try:
        os.kill(program, number)
    except (ProcessLookupError, PermissionError):
        return


def reap(program: int) -> int | None:
    """Take in all that have ended; the program's exit code if it is among them."""
    code = None
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return code
        if pid == 0:
            return code
        if pid == program:
            ended = os.waitstatus_to_exitcode(status)
            code = ended if ended >= 0 else 128 - ended


def name(argv: list[str]) -> None:
    """Show in `ps` what we are, and nothing of the command line that started the engine."""
    processes.show_name(NAME)
    processes.show_command_line(b" ".join([NAME, b"--", *map(os.fsencode, argv)]))
