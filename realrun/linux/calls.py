"""System calls written down before they are made.

What a child does on its way into an image is a list of them. So a program in C can make them in the
place of Python (`realrun.linux.play`), and the kernel's floor can make the very same ones
(`realrun/measure/floor.c`). What one of them gives may be an argument of a later one.

Sources: the man page of each call; syscall(2).
"""

from __future__ import annotations

import ctypes
import errno
import os
import stat
import struct
from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple

from realrun.errors import KernelRefused, UsageError
from realrun.linux import libc
from realrun.linux.syscalls import numbers

HERE = -100  # AT_FDCWD
EMPTY_PATH = 0x1000  # AT_EMPTY_PATH
NOT_FOUND = ""  # the name of no call: here it ends, since no program was found
TRIES = 1_000_000  # of a call that is to be made again


class Saved(int):
    """What an earlier call has given, by the number under which it was kept."""


Value = int | str | bytes | None
Argument = Value | tuple[Value, ...]  # a tuple: the address of an array of words


class Call(NamedTuple):
    """One system call; each argument is a number, the address of a text, or of an array of both."""

    name: str
    args: tuple[Argument, ...]
    on: str = ""  # what an error names as its object
    fine: tuple[int, ...] = ()  # errors that are none, three at most
    skip: int = 0  # after such a one so many calls are left out
    save: int = -1  # the number under which its result is kept
    again: int = 0  # the error after which it is to be made again


class Calls(tuple[Call, ...]):
    """Several, and what they are in memory once that has been asked for (`realrun.linux.play`)."""

    piece: bytes | None = None


Request = Call | tuple[Any, ...]  # or a function and what it is called with


def carry_out(requests: Iterable[Request]) -> None:
    """Make them in their order. Raises KernelRefused, or what a function raises."""
    saved: dict[int, int] = {}
    number, left_out, denied = 0, 0, False
    for one in requests:
        if left_out:
            left_out -= 1
        elif not isinstance(one, Call):
            function: Callable[..., object] = one[0]
            function(*one[1:])
        elif one.name == NOT_FOUND:
            raise refused(one, errno.EACCES if denied else errno.ENOENT)
        elif number := attempt(one, saved):
            denied |= number == errno.EACCES
            left_out = one.skip


def attempt(call: Call, saved: dict[int, int]) -> int:
    """Make one; the error's number if it is one of those that are fine, 0 without an error."""
    words = [in_c(saved[arg] if isinstance(arg, Saved) else arg) for arg in call.args]
    place = ctypes.c_long(numbers(libc.MACHINE)[call.name])
    tries = TRIES
    while (result := libc.LIBC.syscall(place, *words)) < 0:
        number, tries = ctypes.get_errno(), tries - 1
        if number in call.fine:
            return number
        if number != call.again or not tries:
            raise refused(call, number)
    saved[call.save] = result
    return 0


def result_of(call: Call) -> int:
    """Make it at once, for its result. Raises KernelRefused."""
    saved: dict[int, int] = {}
    attempt(call, saved)
    return saved[call.save]


def in_c(value: Argument) -> Any:
    """An argument as the C library takes it."""
    if isinstance(value, int):
        return ctypes.c_long(value)
    if isinstance(value, tuple):
        texts = [one if isinstance(one, int | None) else as_bytes(one) for one in value]
        words = [one if isinstance(one, int) else address(one) for one in texts]
        array = (ctypes.c_long * len(words))(*words)
        array.kept = texts  # type: ignore[attr-defined]
        return array
    return None if value is None else as_bytes(value)


def as_bytes(text: str | bytes) -> bytes:
    """A text as the kernel has it. Raises UsageError for one that it would cut short."""
    if isinstance(text, bytes):
        return text
    if "\0" in text:
        raise UsageError(f"a zero byte ends a text, and cannot be in one: {text!r}")
    return os.fsencode(text)


def address(value: bytes | None) -> int:
    """Where it is, as long as it is kept."""
    return ctypes.cast(ctypes.c_char_p(value), ctypes.c_void_p).value or 0


def refused(call: Call, number: int) -> OSError | KernelRefused:
    """What a call's error is for whoever asked."""
    if call.name == NOT_FOUND and number == errno.ENOENT:
        return FileNotFoundError(number, "not found in the image's PATH", call.on)
    if call.name in (NOT_FOUND, "execve"):
        return OSError(number, os.strerror(number), call.on)
    return KernelRefused(call.name, call.on, number)


# --- calls with a meaning of their own ------------------------------------------------------------


def mount(
    source: str | None, target: str, kind: str | None, flags: int, data: str = "",
    fine: tuple[int, ...] = (), skip: int = 0,
) -> Call:  # fmt: skip
    """mount(2)."""
    return Call("mount", (source, target, kind, flags, data or None), target, fine, skip)


def mkdir(path: str, mode: int = 0o755, exist_ok: bool = False) -> Call:
    """mkdirat(2)."""
    return Call("mkdirat", (HERE, path, mode), path, (errno.EEXIST,) if exist_ok else ())


def chdir(path: str) -> Call:
    """chdir(2)."""
    return Call("chdir", (path,), path)


def umask(mask: int) -> Call:
    """umask(2)."""
    return Call("umask", (mask,))


def symlink(to: str, path: str) -> Call:
    """symlinkat(2)."""
    return Call("symlinkat", (to, HERE, path), path)


def device(path: str, mode: int, major: int, minor: int) -> Call:
    """mknodat(2) of a character device; the mask of the process takes from `mode`."""
    number = os.makedev(major, minor)
    return Call("mknodat", (HERE, path, stat.S_IFCHR | mode, number), path)


def prctl(option: int, *args: int, on: str) -> Call:
    """prctl(2), the rest of its arguments zero."""
    return Call("prctl", (option, *(*args, 0, 0, 0, 0)[:4]), on)


def open_as(number: int, path: str, flags: int, mode: int = 0, on: str = "") -> Call:
    """openat(2), the descriptor kept under a number."""
    return Call("openat", (HERE, path, flags | os.O_CLOEXEC, mode), on or path, save=number)


def close(number: int) -> Call:
    """close(2) of one that was kept."""
    return Call("close", (Saved(number),))


def write(path: str, *texts: str | bytes, flags: int = 0, mode: int = 0) -> Iterator[Call]:
    """Each text in one piece, as the kernel's own files want it."""
    yield open_as(0, path, os.O_WRONLY | flags, mode)
    for one in texts:
        data = os.fsencode(one)
        yield Call("write", (Saved(0), data, len(data)), path)
    yield close(0)


def open_below(number: int, place: Argument, path: str, flags: int, resolve: int) -> Call:
    """openat2(2), which the kernel may ask to repeat while anything on this machine is renamed."""
    how = struct.pack("QQQ", flags | os.O_CLOEXEC, 0, resolve)
    return Call("openat2", (place, path, how, len(how)), path, save=number, again=errno.EAGAIN)
