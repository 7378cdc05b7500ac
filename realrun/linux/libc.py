"""System calls that Python does not wrap, by `ctypes`; every failure is a `KernelRefused`.

Light on purpose: the spawner imports this.
"""

from __future__ import annotations

import ctypes
import os

from realrun.errors import KernelRefused
from realrun.linux.syscalls import numbers

LIBC = ctypes.CDLL(None, use_errno=True)
LIBC.syscall.restype = ctypes.c_long
MACHINE = os.uname().machine


def syscall(name: str, *args: object, on: object = "") -> int:
    """Call `name` by number; `on` is what an error message names as its object."""
    words = [ctypes.c_long(arg) if isinstance(arg, int) else arg for arg in args]
    result = LIBC.syscall(ctypes.c_long(numbers(MACHINE)[name]), *words)
    if result < 0:
        raise KernelRefused(name, str(on), ctypes.get_errno())
    return int(result)


def call(name: str, *args: object, on: object = "") -> int:
    """Call the C library's function `name`; -1 is an error."""
    result = getattr(LIBC, name)(*args)
    if result < 0:
        raise KernelRefused(name, str(on), ctypes.get_errno())
    return int(result)


def text(value: str | None) -> bytes | None:
    """A path or option string as C wants it."""
    return None if value is None else os.fsencode(value)


def prctl(option: int, *args: int) -> int:
    """prctl(2) as a question: the raw answer, negative for no."""
    padded = [ctypes.c_ulong(arg) for arg in (*args, 0, 0, 0, 0)[:4]]
    return int(LIBC.prctl(option, *padded))
