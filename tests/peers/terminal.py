"""A terminal of 33 lines and 77 columns around a command, as a student's window is one.

`python terminal.py TYPED COMMAND ...`: once the command has written "ready", the text is typed, as
`printf` would write it; a `^W` in it makes the window 20 lines and 50 columns instead.
"""

from __future__ import annotations

import fcntl
import os
import pty
import struct
import sys
import termios


def resize(master: int, lines: int, columns: int) -> None:
    fcntl.ioctl(master, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))


def type_in(master: int, typed: str) -> None:
    """Keys are pressed one after the other, and the window is changed between them."""
    before, wider, after = typed.partition("^W")
    os.write(master, before.encode())
    if wider:
        resize(master, 20, 50)
        os.write(master, after.encode())


def main(typed: str, *command: str) -> int:
    """Show what the command shows; its exit code."""
    go, wait = os.pipe()
    pid, master = pty.fork()
    if pid == 0:
        os.read(go, 1)  # not before the window has its size
        os.execvp(command[0], command)
    resize(master, 33, 77)
    os.write(wait, b"x")
    seen = b""
    try:
        while data := os.read(master, 65536):
            os.write(1, data)
            if b"ready" not in seen and b"ready" in seen + data:
                type_in(master, typed.encode().decode("unicode_escape"))
            seen += data
    except OSError:
        pass  # EIO: the last program has closed the terminal
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
