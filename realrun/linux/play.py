"""A child that makes written-down system calls without Python: `play.c`, where it can be compiled.

A child of Python copies every page that it looks at, since Python writes to each object that it
touches: some 460 page faults before its exec(2); one that makes calls alone has a handful. So
whoever has a C compiler has faster starts. As with Python's own modules the result is kept in
`__pycache__` beside its source, by what the source is; who may not write there, and has not been
served by others, does without.
"""

from __future__ import annotations

import ctypes
import mmap
import os
import struct
from collections.abc import Sequence
from functools import cache
from importlib.util import source_hash
from typing import Any

from realrun.errors import KernelRefused
from realrun.linux import libc, namespaces, ownmemory
from realrun.linux.calls import Call, Calls, Saved, as_bytes
from realrun.linux.syscalls import numbers

SOURCE = f"{os.path.dirname(os.path.abspath(__file__))}/play.c"
REMEDY = "apt install gcc libc6-dev; then use realrun once as the owner of its files"
COMPILERS = ("cc", "gcc", "clang")
WORDS = ["-O2", "-shared", "-fPIC", "-Wl,-z,now"]  # a child cannot look symbols up any more
BEGIN = struct.Struct("<II")  # `struct program`
HEADER, CALL = struct.Struct("<4I"), struct.Struct("<7qI5iII")  # `struct piece`, `struct call`
WORD = 8  # bytes of a number or an address; the header and a call are made of whole ones
NUMBERS = numbers(libc.MACHINE)


@cache
def library() -> ctypes.CDLL | None:
    """The compiled program; None where there is none."""
    with open(SOURCE, "rb") as file:
        name = source_hash(file.read()).hex()
    path = f"{os.path.dirname(SOURCE)}/__pycache__/play-{libc.MACHINE}-{name}.so"
    if not os.path.exists(path) and not compiled(path):
        return None
    found = ctypes.CDLL(path, use_errno=True)
    found.launch.restype, found.of_thread.restype = ctypes.c_long, ctypes.c_void_p
    return found


def compiler() -> str | None:
    """The first C compiler of this machine."""
    import shutil  # only who compiles is to carry it along

    return next(filter(None, map(shutil.which, COMPILERS)), None)


def compiled(path: str) -> bool:
    """Compile it, whole or not at all; False where that is not possible."""
    import subprocess

    program = compiler()
    folder, half = os.path.dirname(path), f"{path}.{os.getpid()}"
    if program is None or not os.access(folder, os.W_OK):
        return False
    words = [program, *WORDS, "-o", half, SOURCE]
    env = {"PATH": os.environ.get("PATH", os.defpath)}  # it looks for its assembler there
    done = subprocess.run(words, env=env, stdin=subprocess.DEVNULL, capture_output=True)
    if done.returncode == 0:
        os.replace(half, path)
    return done.returncode == 0


def launch(wanted: Sequence[str], steps: Sequence[tuple[int, Calls]], out: int) -> int:
    """Clone a child in new namespaces that makes the calls of `steps`, and tells `out` of each.

    Returns its pid. The first step makes `out` its descriptor 3. Raises KernelRefused.
    """
    found = library()
    assert found is not None, "somebody has asked before whether it is there"
    places = struct.pack(f"<{len(steps)}I", *(place for place, _ in steps))
    places += bytes(-len(places) % WORD)
    pieces = [settled(calls) for _, calls in steps]
    program = b"".join([BEGIN.pack(len(steps), BEGIN.size + len(places)), places, *pieces])
    flags = ctypes.c_uint64(namespaces.flags(wanted))
    pid = found.launch(flags, STAGE.hold(program), out)
    if pid < 0:
        raise KernelRefused("clone3", namespaces.words(wanted), ctypes.get_errno())
    return int(pid)


def withhold() -> None:
    """Give children of this process, which has one thread, nothing that they do not need.

    One child tries it: where C libraries are made otherwise than we know, all is given as before.
    """
    if found := library():
        functions = found.launch, libc.LIBC.syscall
        code = [ctypes.cast(one, ctypes.c_void_p).value or 0 for one in functions]
        ownmemory.withhold(code, found.of_thread(), STAGE.place())
        child = launch([], [(0, Calls([Call("exit_group", (0,))]))], 2)
        if os.waitpid(child, 0)[1]:
            ownmemory.give_back()


class Stage:
    """Memory that a child is given; the last program is in it."""

    def __init__(self) -> None:
        self.memory = mmap.mmap(-1, 1 << 16, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)

    def hold(self, program: bytes) -> ctypes.c_void_p:
        """Put a program there; where that is."""
        if len(program) > len(self.memory):
            size = 2 * len(program)
            self.memory = mmap.mmap(-1, size, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
        self.memory[: len(program)] = program
        return ctypes.c_void_p(self.place()[0])

    def place(self) -> ownmemory.Range:
        """Its addresses."""
        start = ctypes.addressof(ctypes.c_char.from_buffer(self.memory))
        return start, start + len(self.memory)


STAGE = Stage()


def settled(calls: Calls) -> bytes:
    """Calls as a piece, made once for those that are kept."""
    if calls.piece is None:
        calls.piece = encoded(calls)
    return calls.piece


def encoded(calls: Sequence[Call]) -> bytes:
    """Calls as `play.c` reads them; addresses count from the beginning."""
    piece = Piece(HEADER.size + CALL.size * len(calls))
    lines = [piece.line(call, HEADER.size + CALL.size * n) for n, call in enumerate(calls)]
    piece.data += bytes(-len(piece.data) % WORD)
    end, count = piece.begin + len(piece.data), len(piece.addresses)
    places = struct.pack(f"<{count}I", *piece.addresses) + bytes(4 * (count % 2))
    header = HEADER.pack(len(calls), count, end, end + len(places))
    return b"".join([header, *lines, piece.data, places])


class Piece:
    """The texts and arrays of a piece, and where in it there are addresses."""

    def __init__(self, begin: int) -> None:
        self.begin, self.data, self.addresses = begin, bytearray(), list[int]()

    def line(self, call: Call, at: int) -> bytes:
        """One call, which lies `at` so many bytes from the beginning."""
        name, args, _, fine, skip, save, again = call
        words, saved = [0] * 6, 0
        for place, arg in enumerate(args):
            if isinstance(arg, int):
                words[place] = arg
                saved |= isinstance(arg, Saved) << place
            elif arg is not None:
                words[place] = self.word(arg, at + WORD * (1 + place))
        number = NUMBERS[name] if name else -1
        errors = (*fine, 0, 0, 0)[:3]
        return CALL.pack(number, *words, saved, save, *errors, again, skip, 0)

    def word(self, arg: Any, at: int) -> int:
        """A number, or where the text or array is whose address belongs there."""
        if isinstance(arg, int):
            return arg
        if arg is None:
            return 0
        self.addresses.append(at)
        if isinstance(arg, tuple):
            return self.array(arg)
        where = self.begin + len(self.data)
        self.data += as_bytes(arg) + b"\0"
        return where

    def array(self, values: tuple[Any, ...]) -> int:
        """Numbers and addresses of texts."""
        self.data += bytes(-len(self.data) % WORD)
        where = self.begin + len(self.data)
        self.data += bytes(WORD * len(values))
        for n, value in enumerate(values):
            word = self.word(value, where + WORD * n)
            struct.pack_into("<q", self.data, where - self.begin + WORD * n, word)
        return where
