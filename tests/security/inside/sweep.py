"""Every system call once, with arguments that no call can do anything with, by each ABI.

Prints, as JSON, what each number got: `EPERM` and `ENOSYS` are the words of filters. A call whose
arguments decide is made with those that matter: see BY_ARGUMENTS.
"""

from __future__ import annotations

import ctypes
import errno
import json
import mmap
import sys
from collections.abc import Callable

from tests.security.inside.calls import in_child

libc = ctypes.CDLL(None, use_errno=True)
X32 = 0x40000000
LAST = 475
GUARD_S = 2
# Calls that end, stop, multiply or restart their process, whatever their arguments; x86-64, i386.
LEFT_OUT = {
    "x86-64": {15, 24, 34, 57, 58, 60, 130, 162, 219, 231, 56, 435},
    "i386": {1, 2, 29, 36, 72, 119, 120, 158, 173, 179, 190, 0, 252, 435},
}
BY_ARGUMENTS = {  # x86-64: number, arguments
    **{f"socket {family}": (41, (family, 0xFFFF, -1)) for family in range(46)},
    **{f"personality {one:#x}": (135, (one,)) for one in (0, 8, 0x20000, 0x20008, 1, 0x40000)},
    "clone3": (435, (0, 0)),
    "prctl": (157, (-1,)),
}
BAD = (-1, -1, -1, -1, -1, -1)


def by_libc(number: int, args: tuple[int, ...] = BAD) -> int:
    """x86-64 and x32: the result, negative for an error."""
    result = libc.syscall(*(ctypes.c_long(word) for word in (number, *args)))
    return -ctypes.get_errno() if result == -1 else int(result)


def by_interrupt() -> Callable[[int], int]:
    """i386, by `int 0x80` with all ones as arguments: the number is in edi when it is called."""
    code = bytes.fromhex(
        "53 89f8 bbffffffff b9ffffffff baffffffff beffffffff bfffffffff cd80 5b c3"
    )
    page = mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
    page.write(code)
    address = ctypes.addressof(ctypes.c_char.from_buffer(page))
    call = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_int)(address)

    def made(number: int) -> int:
        assert page  # without it the code would be gone
        return int(call(number))

    return made


def outcome(call: Callable[[], int]) -> str:
    """The error's name, "done", or how its process ended."""

    def tell() -> str:
        result = call()
        return errno.errorcode.get(-result, "done") if result < 0 else "done"

    return in_child(tell, GUARD_S)


def main() -> None:
    """The sweep that the command line names."""
    which = sys.argv[1]
    if which == "i386":
        numbers = [n for n in range(LAST) if n not in LEFT_OUT["i386"]]
        call = by_interrupt()
        found = {str(n): outcome(lambda n=n: call(n)) for n in numbers}
    elif which == "arguments":
        found = {
            name: outcome(lambda number=number, args=args: by_libc(number, args))
            for name, (number, args) in BY_ARGUMENTS.items()
        }
    else:
        bit = X32 if which == "x32" else 0
        numbers = [n for n in range(LAST) if n not in LEFT_OUT["x86-64"]]
        found = {str(n): outcome(lambda n=n: by_libc(bit | n)) for n in numbers}
    print(json.dumps(found))


if __name__ == "__main__":
    main()
